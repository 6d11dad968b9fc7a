import type { StateMachine } from '@quorate/base';
import type { Entry } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import { SessionStateMachine } from './session-state-machine.ts';
import { sessionTickAtMs } from './session-ticker.ts';

/** Knows when a group's leader has to propose a tick, so that sessions expire in an idle group. */
export class SessionTicks {
  readonly #sessions: SessionStateMachine<unknown> | null;
  /** When a command was last applied here in the present term of office. */
  #lastCommandMs: number | null = null;

  constructor(stateMachine: StateMachine<unknown>) {
    this.#sessions = stateMachine instanceof SessionStateMachine ? stateMachine : null;
  }

  leadershipChanged(): void {
    this.#lastCommandMs = null;
  }

  applied(entries: readonly Entry[], nowMs: number): void {
    if (this.#sessions === null) return;
    if (entries.some(({ kind }) => kind === EntryKind.command)) this.#lastCommandMs = nowMs;
  }

  isDue(nowMs: number): boolean {
    if (this.#sessions === null) return false;
    const { sessionCount: sessions, limits } = this.#sessions;
    const { maxStepMs } = limits;
    return (
      nowMs >= sessionTickAtMs({ nowMs, lastEntryMs: this.#lastCommandMs, sessions, maxStepMs })
    );
  }
}
