import type { StateMachine } from '@quorate/base';
import type { Entry } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import { SessionStateMachine } from './session-state-machine.ts';
import { sessionTickAtMs } from './session-ticker.ts';

/** Knows when a group's leader has to propose a tick, so that sessions expire in an idle group. */
export class SessionTicks {
  readonly #sessions: SessionStateMachine<unknown> | null;
  /**
   * When a command was last applied, or a tick proposed, in the present term of office. What came
   * of the tick does not matter: one that was refused is not asked for again at once.
   */
  #lastEntryMs: number | null = null;

  constructor(stateMachine: StateMachine<unknown>) {
    this.#sessions = stateMachine instanceof SessionStateMachine ? stateMachine : null;
  }

  leadershipChanged(): void {
    this.#lastEntryMs = null;
  }

  applied(entries: readonly Entry[], nowMs: number): void {
    if (this.#sessions === null) return;
    if (entries.some(({ kind }) => kind === EntryKind.command)) this.#lastEntryMs = nowMs;
  }

  /** When a leader has to propose one; infinity: never, as things stand. */
  dueMs(nowMs: number): number {
    if (this.#sessions === null) return Number.POSITIVE_INFINITY;
    const { sessionCount: sessions, limits } = this.#sessions;
    const { maxStepMs } = limits;
    return sessionTickAtMs({ nowMs, lastEntryMs: this.#lastEntryMs, sessions, maxStepMs });
  }

  /**
   * Whether to propose one now, after which it counts as proposed. One that is due soon comes
   * along, so that those of many groups go into the log together.
   */
  take(nowMs: number): boolean {
    const earlyMs = (this.#sessions?.limits.maxStepMs ?? 0) / 8;
    if (nowMs + earlyMs < this.dueMs(nowMs)) return false;
    this.#lastEntryMs = nowMs;
    return true;
  }
}
