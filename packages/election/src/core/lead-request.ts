import type { Prng } from '@quorate/base';
import type { GroupStatus } from '@quorate/runtime';
import type { Term } from '@quorate/schema';
import type { ElectorOptions } from './elector-model.ts';

/**
 * When a candidate that does not lead the group asks for the lead: whoever leads the group has had
 * an election timeout to lead the election too, and has not. How much longer it waits is drawn, so
 * that two candidates rarely ask at once.
 */
export class LeadRequest {
  readonly #prng: Prng;
  readonly #timeoutMs: number;
  readonly #askForLead: ElectorOptions['askForLead'];
  #term: Term = 0;
  #askAtMs = Number.POSITIVE_INFINITY;
  #isAsking = false;

  constructor({ prng, timing, askForLead }: ElectorOptions) {
    this.#prng = prng;
    this.#timeoutMs = timing.electionTimeoutMs;
    this.#askForLead = askForLead;
  }

  /** Infinity: nothing is to be done before something else happens. */
  get dueMs(): number {
    return this.#isAsking ? Number.POSITIVE_INFINITY : this.#askAtMs;
  }

  /** Somebody leads the election, or it is not known who leads the group, or this node does. */
  rest(): void {
    this.#askAtMs = Number.POSITIVE_INFINITY;
  }

  /**
   * The group's leader does not lead the election.
   *
   * @param answered called once the leader has answered, or nobody has
   */
  wait({ term }: Pick<GroupStatus, 'term'>, nowMs: number, answered: () => void): void {
    if (this.#isAsking) return;
    if (term !== this.#term || this.#askAtMs === Number.POSITIVE_INFINITY) {
      this.#term = term;
      this.#askAtMs = nowMs + this.#timeoutMs * (1 + this.#prng.float());
      return;
    }
    if (nowMs < this.#askAtMs) return;
    this.#isAsking = true;
    this.#askForLead(() => {
      this.#isAsking = false;
      this.rest();
      answered();
    });
  }
}
