import type { ElectionGroup, ElectorOptions } from './elector-model.ts';

/**
 * A leader of the group that has been granted a leadership waits here for its lease. There is none
 * in its term while a node that was told to take over may still do so, and that node may be dead
 * (rule 3). So after a while another node is given the lead: a new term has no such past, and in it
 * this one may be elected again.
 */
export class LeaseWait {
  readonly #group: Pick<ElectionGroup, 'transferLeadership'>;
  readonly #patienceMs: number;
  #sinceMs: number | null = null;
  #isHandingOver = false;

  constructor({ group, timing }: Pick<ElectorOptions, 'group' | 'timing'>) {
    this.#group = group;
    this.#patienceMs = 2 * timing.electionTimeoutMs;
  }

  /** There is no lease yet. */
  waits(nowMs: number): void {
    this.#sinceMs ??= nowMs;
    if (this.#isHandingOver || nowMs < this.#sinceMs + this.#patienceMs) return;
    this.#sinceMs = nowMs;
    this.#isHandingOver = true;
    // That nobody could take over is found out by waiting on.
    this.#group.transferLeadership(null, () => {
      this.#isHandingOver = false;
    });
  }

  /** There is one, or it is needed no more. */
  rest(): void {
    this.#sinceMs = null;
  }
}
