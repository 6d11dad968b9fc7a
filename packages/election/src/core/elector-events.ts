import type { Timers } from '@quorate/base';
import type { ElectionRecord } from './election-model.ts';
import type { Leadership, LeadershipListener, RecordListener } from './elector-model.ts';
import type { LossReason } from './loss-reason.ts';

/**
 * Tells listeners, one event after the other: what a listener does in answer to one is told after
 * everyone has heard that one.
 */
export class ElectorEvents {
  readonly #timers: Pick<Timers, 'defer'>;
  readonly #leaderships = new Set<LeadershipListener>();
  readonly #records = new Set<RecordListener>();
  readonly #waiting: (() => void)[] = [];
  #isTelling = false;

  /** @param timers for what listeners throw: it must not keep others from hearing */
  constructor(timers: Pick<Timers, 'defer'>) {
    this.#timers = timers;
  }

  onLeadership(listener: LeadershipListener): () => void {
    this.#leaderships.add(listener);
    return () => void this.#leaderships.delete(listener);
  }

  onRecord(listener: RecordListener): () => void {
    this.#records.add(listener);
    return () => void this.#records.delete(listener);
  }

  elected(leadership: Leadership): void {
    this.#tell(this.#leaderships, (listener) => listener.elected?.(leadership));
  }

  lost(leadership: Leadership, reason: LossReason): void {
    this.#tell(this.#leaderships, (listener) => listener.lost?.(leadership, reason));
  }

  record(record: ElectionRecord | null): void {
    this.#tell(this.#records, (listener) => listener(record));
  }

  /** Calls back once everyone has heard what was told before. */
  afterwards(callback: () => void): void {
    this.#queue(() => this.#isolated(callback));
  }

  #tell<Listener>(listeners: ReadonlySet<Listener>, tell: (listener: Listener) => void): void {
    this.#queue(() => {
      for (const listener of [...listeners]) this.#isolated(() => tell(listener));
    });
  }

  #queue(event: () => void): void {
    this.#waiting.push(event);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next();
    this.#isTelling = false;
  }

  #isolated(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#timers.defer(() => {
        throw error;
      });
    }
  }
}
