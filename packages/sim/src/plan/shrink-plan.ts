import { type ClusterPlan, type PlannedTuning, type Strike, tunedFields } from './cluster-plan.ts';

/** What became of one run of a plan. */
export interface Trial {
  /** What names its failure; null when it was clean. */
  readonly failure: string | null;
  readonly virtualMs: number;
  /** Of the plan's strikes, in their order: which found something to do. */
  readonly struck: readonly boolean[];
}

/**
 * `run` plays a plan anew, from nothing; `progress` hears of each smaller plan that fails in the
 * same way.
 */
export interface ShrinkOptions<Plan extends ClusterPlan> {
  readonly run: (plan: Plan) => Trial;
  /** Time is up: what was found so far is the result. */
  readonly isOver: () => boolean;
  readonly progress: (plan: Plan, trials: number) => void;
  /** Changes that make the scenario's own part of a plan plainer. */
  readonly simpler?: (plan: Plan) => readonly Partial<Plan>[];
}

/** The smallest plan that was found; the one that was given when none was smaller. */
export interface Shrunk<Plan extends ClusterPlan = ClusterPlan> {
  readonly plan: Plan;
  /** Runs that it took. */
  readonly trials: number;
}

/**
 * Reduces a failing plan: fewer strikes (delta debugging, Zeller and Hildebrandt 2002), less time,
 * fewer clients, plainer sizes, as long as it fails in the same way.
 *
 * @param first how `plan` itself failed
 */
export function shrinkPlan<Plan extends ClusterPlan>(
  plan: Plan,
  first: Trial,
  options: ShrinkOptions<Plan>,
): Shrunk<Plan> {
  return new Shrinker(plan, first, options).run();
}

class Shrinker<Plan extends ClusterPlan> {
  readonly #options: ShrinkOptions<Plan>;
  readonly #failure: string | null;
  #plan: Plan;
  #trial: Trial;
  #trials = 0;

  constructor(plan: Plan, first: Trial, options: ShrinkOptions<Plan>) {
    this.#plan = plan;
    this.#trial = first;
    this.#failure = first.failure;
    this.#options = options;
  }

  run(): Shrunk<Plan> {
    let before: Plan | null = null;
    while (before !== this.#plan && !this.#options.isOver()) {
      before = this.#plan;
      this.#endWithTheFailure();
      this.#dropIdleStrikes();
      this.#dropStrikes();
      this.#simplify();
      this.#shorten();
      this.#beginEarlier();
    }
    return { plan: this.#plan, trials: this.#trials };
  }

  /** @returns whether the plan fails just as well, and so is the one to go on with */
  #try(change: Partial<ClusterPlan>): boolean {
    if (this.#options.isOver()) return false;
    const plan = { ...this.#plan, ...change };
    this.#trials += 1;
    const trial = this.#options.run(plan);
    if (trial.failure !== this.#failure) return false;
    this.#plan = plan;
    this.#trial = trial;
    this.#options.progress(plan, this.#trials);
    return true;
  }

  /** What was to come after the failure has no part in it. */
  #endWithTheFailure(): void {
    const { strikes, faultyMs } = this.#plan;
    const endMs = Math.ceil(this.#trial.virtualMs);
    if (endMs >= faultyMs) return;
    this.#try({ faultyMs: endMs, strikes: strikes.filter(({ atMs }) => atMs < endMs) });
  }

  #dropIdleStrikes(): void {
    const { struck } = this.#trial;
    if (struck.every((found) => found)) return;
    this.#try({ strikes: this.#plan.strikes.filter((_, at) => struck[at] === true) });
  }

  /** Leaves out halves, quarters, and so on, down to single strikes. */
  #dropStrikes(): void {
    if (this.#plan.strikes.length > 0 && this.#try({ strikes: [] })) return;
    let pieces = 2;
    while (this.#plan.strikes.length > 1 && !this.#options.isOver()) {
      const { strikes } = this.#plan;
      const size = Math.ceil(strikes.length / pieces);
      const isReduced = this.#dropOnePiece(strikes, size);
      if (isReduced) pieces = Math.max(2, pieces - 1);
      else if (size === 1) return;
      else pieces *= 2;
    }
  }

  #dropOnePiece(strikes: readonly Strike[], size: number): boolean {
    for (let from = 0; from < strikes.length; from += size) {
      const rest = strikes.filter((_, at) => at < from || at >= from + size);
      if (this.#try({ strikes: rest })) return true;
    }
    return false;
  }

  #simplify(): void {
    const plan = this.#plan;
    for (const clients of [0, 1, 2, 4, 8]) {
      if (clients < plan.clients && this.#try({ clients })) break;
    }
    if (plan.clockDrift > 0) this.#try({ clockDrift: 0 });
    if (plan.quiesceMs > 0) this.#try({ quiesceMs: 0 });
    if (plan.leases) this.#try({ leases: false });
    if (plan.priorities) this.#try({ priorities: false });
    if (plan.lastPart !== 'voter') this.#try({ lastPart: 'voter' });
    if (plan.mends) this.#try({ mends: false });
    if (plan.diskMs > 1) this.#try({ diskMs: 1 });
    for (const change of this.#options.simpler?.(plan) ?? []) this.#try(change);
    for (const field of tunedFields) {
      if (this.#plan.tuning[field] === undefined) continue;
      const tuning: Partial<Record<keyof PlannedTuning, number>> = { ...this.#plan.tuning };
      delete tuning[field];
      this.#try({ tuning });
    }
  }

  /** What happens before the first strike may be no part of it either. */
  #beginEarlier(): void {
    const firstMs = this.#plan.strikes[0]?.atMs ?? 0;
    for (const share of [1, 0.75, 0.5, 0.25]) {
      const byMs = Math.floor(firstMs * share);
      if (byMs === 0) return;
      const strikes = this.#plan.strikes.map((strike) => ({ ...strike, atMs: strike.atMs - byMs }));
      if (this.#try({ strikes, faultyMs: this.#plan.faultyMs - byMs })) return;
    }
  }

  #shorten(): void {
    for (const share of [0.25, 0.5, 0.75, 0.9]) {
      const faultyMs = Math.floor(this.#plan.faultyMs * share);
      const strikes = this.#plan.strikes.filter(({ atMs }) => atMs < faultyMs);
      if (this.#try({ faultyMs, strikes })) return;
    }
  }
}
