import { planText } from '../plan/plan-text.ts';
import type { ScenarioName } from '../scenario-name.ts';
import type { SimOptions } from './options.ts';
import type { Summary, Totals } from './summary.ts';

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const progressEveryMs = 5000;

/** Says now and then how far a long run has come, and how long the rest will take. */
export class Progress {
  readonly #total: number;
  readonly #startedMs = performance.now();
  #lastMs = this.#startedMs;

  constructor(total: number) {
    this.#total = total;
  }

  get wallMs(): number {
    return Math.max(1, performance.now() - this.#startedMs);
  }

  tell(totals: Totals): void {
    if (performance.now() < this.#lastMs + progressEveryMs) return;
    this.#lastMs = performance.now();
    const { eventsPerSecond, virtualPerWallSecond } = totals.rates(this.wallMs);
    const leftSeconds = Math.round(
      ((this.#total - totals.runs) * this.wallMs) / totals.runs / 1000,
    );
    say(
      `${totals.runs} of ${this.#total} seeds, ${totals.events} events, ${eventsPerSecond} a ` +
        `second, ${virtualPerWallSecond} virtual seconds a second, about ${leftSeconds} s left`,
    );
  }
}

/** What failed, and the commands that show it again. */
export function tellFailure(failed: Summary, options: SimOptions): void {
  const { seed, failure } = failed;
  const { scenario, nodes, plan, canary } = options;
  if (canary !== null && plan === null) {
    const tried = seed - options.first + 1;
    say(`canary ${canary} caught by seed ${seed}, the ${tried}. tried, as '${failure?.name}'`);
  }
  say(`VIOLATION with seed ${seed}, ${nodes} nodes:`);
  say(failure?.text ?? '');
  const planted = canary === null ? '' : ` --canary ${canary}`;
  const drift = options.violateDrift ? ' --violate-drift' : '';
  const where = scenario === 'kv' || canary !== null ? '' : ` --scenario ${scenario}${drift}`;
  const drawn = `--seed ${seed} --seeds 1 --nodes ${nodes}${where}`;
  const run = plan === null ? drawn : planOption(options);
  say(`again:  npm run sim -- ${run}${planted} --trace`);
  if (scenario === 'kv') say(`shrink: npm run sim -- ${run}${planted} --shrink`);
}

function planOption({ plan }: SimOptions): string {
  return plan === null ? '' : `--plan '${planText(plan)}'`;
}

/** Ends with one line for machines. */
export function tellTotals(
  totals: Totals,
  wallMs: number,
  end: {
    readonly scenario: ScenarioName;
    readonly failedSeed: number | null;
    readonly canary: string | null;
    readonly violateDrift: boolean;
  },
): void {
  const rates = totals.rates(wallMs);
  const isElection = end.scenario === 'election';
  const done = isElection
    ? `${totals.overlaps} overlaps, ${totals.leaderships} leaderships, ` +
      `${totals.acts} acts of leaders, ${totals.signatures} signatures, ` +
      `${totals.refusedClaims} claims refused, `
    : `${totals.writes} writes acknowledged, ${totals.reads} reads answered, ` +
      `${totals.lostDisks} disks lost, `;
  say(
    `${totals.runs} seeds, ${totals.events} events, ${done}` +
      `longest recovery ${Math.round(totals.longestRecoveryMs)} ms`,
  );
  if (end.violateDrift) tellOverlapped(totals);
  if (isElection) tellGaps(totals);
  say(
    `${rates.eventsPerSecond} events/s, ` +
      `${rates.virtualPerWallSecond} virtual seconds a second`,
  );
  const faults = [...totals.faults].sort(([a], [b]) => (a < b ? -1 : 1));
  say(`faults: ${faults.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  say(
    JSON.stringify({
      seeds: totals.runs,
      failedSeed: end.failedSeed,
      ...(end.canary === null ? {} : { canary: end.canary }),
      events: totals.events,
      ...rates,
      ...(isElection
        ? {
            overlaps: totals.overlaps,
            ...(end.violateDrift ? { seedsWithOverlaps: totals.overlapped } : {}),
            leaderships: totals.leaderships,
            signatures: totals.signatures,
            refusedClaims: totals.refusedClaims,
            gaps: totals.gaps.figures(),
          }
        : { lostDisks: totals.lostDisks }),
      longestRecoveryMs: totals.longestRecoveryMs,
      faults: Object.fromEntries(faults),
    }),
  );
}

function tellOverlapped(totals: Totals): void {
  say(
    `clocks drifted further than was declared: two led at once in ${totals.overlapped} of ` +
      `${totals.runs} seeds, and nothing was signed twice in any that is not told of above`,
  );
}

/** In virtual time, whoever had to be elected again, by how the leader before had been lost. */
function tellGaps(totals: Totals): void {
  say('without a leader, in ms (count, p50, p90, p99, longest), by what had ended the one before:');
  for (const [cause, { count, p50, p90, p99, max }] of Object.entries(totals.gaps.figures())) {
    say(`  ${cause.padEnd(12)} ${[count, p50, p90, p99, max].join(' ')}`);
  }
}
