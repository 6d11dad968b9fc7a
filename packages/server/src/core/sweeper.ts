import type { Timers } from '@quorate/base';
import type { KvStateMachine } from '@quorate/kv';

/** Of so many changes a turn: well below a millisecond. */
const sliceChanges = 1024;

/**
 * Drops what compactions left, in slices with turns of others in between, so that room becomes free
 * though no command may come: when the quota is reached they are refused.
 */
export class Sweeper {
  readonly #store: Pick<KvStateMachine, 'sweep'>;
  readonly #timers: Pick<Timers, 'defer'>;
  #isScheduled = false;
  #waiting: (() => void)[] = [];

  constructor(store: Pick<KvStateMachine, 'sweep' | 'onSweepable'>, timers: Pick<Timers, 'defer'>) {
    this.#store = store;
    this.#timers = timers;
    store.onSweepable(() => this.#schedule());
  }

  /** Calls `done` once all is dropped but for what a snapshot that is being sent holds back. */
  whenSwept(done: () => void): void {
    this.#waiting.push(done);
    this.#slice();
  }

  #slice(): void {
    if (!this.#store.sweep(sliceChanges)) {
      this.#schedule();
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#timers.defer(() => {
      this.#isScheduled = false;
      this.#slice();
    });
  }
}
