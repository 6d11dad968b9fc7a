import { etcd } from '@quorate/schema';
import type { CallContext } from '../method.ts';
import type { RpcError } from '../rpc-error.ts';
import { type LocalCalls, type LocalWatch, unknown } from './local-calls.ts';
import { lastMadeBy } from './queue-keys.ts';

const lostWatcher = unknown('lost watcher waiting for delete');

export interface QueueWaitOptions {
  readonly calls: LocalCalls;
  readonly call: CallContext;
  readonly prefix: Uint8Array;
  /** Of one's own key, which has been applied here. */
  readonly createRevision: number;
  /** Called once, unless `cancel` is called before. */
  done(error: RpcError | null): void;
}

/**
 * Waits until no key of a prefix is older than one's own. Of those in front only the nearest is
 * watched, so that one who leaves wakes one, not all.
 */
export class QueueWait {
  readonly #options: QueueWaitOptions;
  #watch: LocalWatch | null = null;
  #isOver = false;

  constructor(options: QueueWaitOptions) {
    this.#options = options;
  }

  /** May be done before it returns. */
  begin(): void {
    this.#look();
  }

  cancel(): void {
    this.#isOver = true;
    this.#watch?.end();
  }

  /** What is older is known here for certain, so this member's own state says enough. */
  #look(): void {
    const { calls, call, prefix, createRevision } = this.#options;
    const request = { ...lastMadeBy(prefix, createRevision - 1), serializable: true };
    calls.range(call, request, (error, answer) => {
      if (this.#isOver) return;
      const next = answer?.kvs[0];
      if (error !== null || next === undefined) this.#end(error);
      else this.#waitFor(next.key, answer?.header?.revision ?? 0);
    });
  }

  #waitFor(key: Uint8Array, revision: number): void {
    const { calls, call } = this.#options;
    const filters = [etcd.WatchCreateRequestFilterType.NOPUT];
    this.#watch = calls.watch(call, { key, startRevision: revision + 1, filters }, (events) => {
      if (this.#isOver) return true;
      if (events === null) this.#end(lostWatcher);
      else {
        this.#watch?.end();
        this.#look();
      }
      return true;
    });
  }

  #end(error: RpcError | null): void {
    this.#isOver = true;
    this.#options.done(error);
  }
}
