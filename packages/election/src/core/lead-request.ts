import type { Prng } from '@quorate/base';
import type { GroupStatus } from '@quorate/runtime';
import type { Term } from '@quorate/schema';
import type { ElectionGroup, ElectorOptions } from './elector-model.ts';

export interface LeadQuestion extends Pick<GroupStatus, 'term'> {
  readonly nowMs: number;
  /** Whether, as far as this node has applied, nobody leads still. */
  readonly isFree: () => boolean;
  /** Called once the leader has answered, or nobody has. */
  readonly answered: () => void;
}

/**
 * When a candidate that does not lead the group asks for the lead: whoever leads the group has had
 * an election timeout to lead the election too, and has not. How much longer it waits is drawn, so
 * that two candidates rarely ask at once.
 *
 * Before it asks it catches up with what is committed. A node whose disk has stood still hears the
 * leader and does not know of its leadership; it must not end that one by asking.
 */
export class LeadRequest {
  readonly #prng: Prng;
  readonly #group: Pick<ElectionGroup, 'readBarrier'>;
  readonly #timeoutMs: number;
  readonly #askForLead: ElectorOptions['askForLead'];
  #term: Term = 0;
  #askAtMs = Number.POSITIVE_INFINITY;
  #isAsking = false;

  constructor({ prng, group, timing, askForLead }: ElectorOptions) {
    this.#prng = prng;
    this.#group = group;
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

  /** The group's leader does not lead the election, as far as this node has applied. */
  wait({ term, nowMs, isFree, answered }: LeadQuestion): void {
    if (this.#isAsking) return;
    if (term !== this.#term || this.#askAtMs === Number.POSITIVE_INFINITY) {
      this.#term = term;
      this.#askAtMs = nowMs + this.#timeoutMs * (1 + this.#prng.float());
      return;
    }
    if (nowMs < this.#askAtMs) return;
    this.#isAsking = true;
    const ended = (): void => {
      this.#isAsking = false;
      this.rest();
      answered();
    };
    this.#group.readBarrier((error) => {
      if (error === null && isFree()) this.#askForLead(ended);
      else ended();
    });
  }
}
