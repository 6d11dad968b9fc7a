import { present, type Timers } from '@quorate/base';
import { encodeCommand } from '@quorate/kv';
import { keyValueCommand } from './etcd-command.ts';
import type { RpcError } from './rpc-error.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import type { ServedGroup } from './service-context.ts';
import { malformedCommand } from './to-wire.ts';

/** How long renewals are gathered: one command renews all that came in between. */
const gatherMs = 4;

/** Of one command, which is then of 32 KiB. */
const mostIds = 4096;

/** What a command has beside its ids, at most. */
const overheadBytes = 16;
const idBytes = 8;

/** Of one renewal: an error, or the granted seconds, 0 for a lease that is not there. */
export type RenewalDone = (error: RpcError | null, ttlSeconds: number, revision: number) => void;

export interface LeaseKeepAlivesOptions {
  readonly group: Pick<ServedGroup, 'propose'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly maxCommandBytes: number;
}

/** One that asks, and the place of its lease in the command. */
interface Renewal {
  readonly place: number;
  readonly done: RenewalDone;
}

/**
 * Renews leases for all streams of this server, many with one command. Who asked first is answered
 * first: clients tell the answers of one stream apart by their order.
 */
export class LeaseKeepAlives {
  readonly #options: LeaseKeepAlivesOptions;
  readonly #mostIds: number;
  /** In the order in which they came. */
  #waiting: Renewal[] = [];
  #places = new Map<bigint, number>();

  constructor(options: LeaseKeepAlivesOptions) {
    this.#options = options;
    const fitting = Math.floor((options.maxCommandBytes - overheadBytes) / idBytes);
    this.#mostIds = Math.max(1, Math.min(mostIds, fitting));
  }

  /** @param done called once, after the renewal was applied */
  renew(id: bigint, done: RenewalDone): void {
    if (this.#waiting.length === 0) this.#options.timers.after(gatherMs, () => this.#flush());
    const place = this.#places.get(id) ?? this.#places.size;
    this.#places.set(id, place);
    this.#waiting.push({ place, done });
    if (this.#places.size === this.#mostIds) this.#flush();
  }

  /** Also called when there is nothing: a full command goes before its time. */
  #flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    const ids = [...this.#places.keys()];
    this.#waiting = [];
    this.#places = new Map();
    const command = encodeCommand({ kind: 'leaseKeepAlive', ids });
    this.#options.group.propose(keyValueCommand(command), (error, applied) => {
      if (error !== null) return tellAll(waiting, rpcErrorOfRuntime(error));
      const { result } = present(applied, 'what did not fail was applied');
      if (result.kind !== 'leaseKeepAlive') return tellAll(waiting, malformedCommand);
      for (const { place, done } of waiting) {
        const ttlSeconds = present(result.ttlSeconds[place], 'every renewal is answered');
        done(null, ttlSeconds, result.revision);
      }
      return undefined;
    });
  }
}

function tellAll(waiting: readonly Renewal[], error: RpcError): void {
  for (const { done } of waiting) done(error, 0, 0);
}
