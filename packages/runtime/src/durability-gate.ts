import type { DurabilityClass, LogIndex } from '@quorate/schema';
import { RuntimeError } from './runtime-error.ts';

interface GatedReply {
  readonly index: LogIndex;
  readonly durability: DurabilityClass;
  readonly deadlineMs: number;
  askedMs: number | null;
  readonly reply: (error: RuntimeError | null) => void;
}

/**
 * Replies that wait until what they tell of is durable in enough failure domains (rule 12). What
 * they tell of is committed already, so a reply that cannot be given in time is no failure of the
 * command: it says so, and where the command stands.
 */
export class DurabilityGate {
  readonly #gated = new Map<number, GatedReply>();
  readonly #forget: (context: number) => void;
  #nextContext: number;

  /**
   * @param firstContext drawn anew in each life of the process, as for reads
   * @param forget tells the core that nobody waits any more
   */
  constructor(firstContext: number, forget: (context: number) => void) {
    this.#nextContext = firstContext;
    this.#forget = forget;
  }

  get count(): number {
    return this.#gated.size;
  }

  /** Calls `reply` once: when the class is reached, known to be out of reach, or too late. */
  hold(
    index: LogIndex,
    durability: DurabilityClass,
    deadlineMs: number,
    reply: (error: RuntimeError | null) => void,
  ): void {
    this.#gated.set(this.#nextContext++, { index, durability, deadlineMs, askedMs: null, reply });
  }

  /** @param ask gives one wait to the core; false when there is no leader to ask */
  askAll(
    ask: (context: number, index: LogIndex, durability: DurabilityClass) => boolean,
    nowMs: number,
  ): void {
    for (const [context, gated] of this.#gated) {
      if (gated.askedMs !== null) continue;
      if (!ask(context, gated.index, gated.durability)) return;
      gated.askedMs = nowMs;
    }
  }

  answered(context: number, reached: boolean): void {
    const gated = this.#take(context);
    gated?.reply(reached ? null : unmet(gated, 'tooFewDomains'));
  }

  /** Nobody will answer any more: ask the next leader. */
  failed(context: number): void {
    const gated = this.#gated.get(context);
    if (gated !== undefined) gated.askedMs = null;
  }

  /** @returns whether something is to be asked (again) */
  expire(nowMs: number, askAgainAfterMs: number): boolean {
    let isWaiting = false;
    for (const [context, gated] of this.#gated) {
      if (gated.deadlineMs <= nowMs) {
        this.#giveUp(context, 'timeout');
        continue;
      }
      if (gated.askedMs !== null && nowMs >= gated.askedMs + askAgainAfterMs) gated.askedMs = null;
      isWaiting ||= gated.askedMs === null;
    }
    return isWaiting;
  }

  failAll(): void {
    for (const context of this.#gated.keys()) this.#giveUp(context, 'stopping');
  }

  #giveUp(context: number, reason: 'timeout' | 'stopping'): void {
    const gated = this.#take(context);
    this.#forget(context);
    gated?.reply(unmet(gated, reason));
  }

  #take(context: number): GatedReply | undefined {
    const gated = this.#gated.get(context);
    this.#gated.delete(context);
    return gated;
  }
}

function unmet(
  { index, durability }: GatedReply,
  reason: 'tooFewDomains' | 'timeout' | 'stopping',
): RuntimeError {
  return new RuntimeError(
    'RUNTIME_DURABILITY_UNMET',
    `The command is committed at index ${index}, but not known to be durable in ` +
      `${durability.domains} failure domains of depth ${durability.depth} (${reason}). It has ` +
      'not failed: ask again with the same id, or read with the same class.',
    { index, reason, ...durability },
  );
}
