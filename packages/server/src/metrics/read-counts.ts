import type { Clock } from '@quorate/base';
import type { ServiceOptions } from '../core/index.ts';

type Group = ServiceOptions['group'];

/** etcd asks the leader again after so long, and counts it. */
const slowMs = 500;

/** Counts linearizable reads that were slow in finding out what is up to date, or failed. */
export class ReadCounts {
  slow = 0;
  failed = 0;
  readonly #clock: Pick<Clock, 'monotonicMs'>;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** @returns the group, whose reads are counted */
  of(group: Group): Group {
    return {
      ...group,
      readBarrier: (done, options) => {
        const beganMs = this.#clock.monotonicMs();
        group.readBarrier((error, index) => {
          if (error !== null) this.failed += 1;
          if (this.#clock.monotonicMs() - beganMs > slowMs) this.slow += 1;
          done(error, index);
        }, options);
      },
    };
  }
}
