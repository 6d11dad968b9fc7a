import { type Clock, present, type Timer, type Timers } from '@quorate/base';
import { encodeCommand } from '@quorate/kv';
import type { RuntimeError } from '@quorate/runtime';
import { keyValueCommand } from './etcd-command.ts';
import type { RpcError } from './rpc-error.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import type { ServedGroup } from './service-context.ts';
import { malformedCommand } from './to-wire.ts';

/** How long renewals are gathered: one command renews all that came in between. */
const gatherMs = 4;

/** How long renewals that did not go through are gathered, with those that come meanwhile. */
const repeatMs = 50;

/** Of one command, which is then of 32 KiB. */
const mostIds = 4096;

/** What a command has beside its ids, at most. */
const overheadBytes = 16;
const idBytes = 8;

/** Somebody who wants a lease renewed. Exactly one of the three ends it. */
export interface Renewal {
  readonly id: bigint;
  /** Asked before it is proposed once more: false ends it without a word. */
  isWanted(): boolean;
  /** @param ttlSeconds as granted; 0: there is no such lease */
  renewed(ttlSeconds: number, revision: number): void;
  failed(error: RpcError): void;
}

export interface LeaseKeepAlivesOptions {
  readonly group: Pick<ServedGroup, 'propose'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Pick<Timers, 'after'>;
  readonly maxCommandBytes: number;
  /** For so long after it was asked for, what does not go through is proposed again. */
  readonly timeoutMs: number;
}

interface Waiting {
  readonly renewal: Renewal;
  /** In which it came. */
  readonly order: number;
  readonly untilMs: number;
}

/**
 * Renews leases for all streams of this server, many with one command. To renew twice is to renew,
 * so what was lost or may have been, as it is when the leader changes, is proposed again with what
 * has come meanwhile. Who asked first is answered first, unless that had to be repeated.
 *
 * What waits is bounded by those who ask: a stream may only ask for so many at a time.
 */
export class LeaseKeepAlives {
  readonly #options: LeaseKeepAlivesOptions;
  readonly #mostIds: number;
  #waiting: Waiting[] = [];
  /** Of those that wait. */
  readonly #ids = new Set<bigint>();
  #timer: Timer | null = null;
  #isRepeating = false;
  #asked = 0;

  constructor(options: LeaseKeepAlivesOptions) {
    this.#options = options;
    const fitting = Math.floor((options.maxCommandBytes - overheadBytes) / idBytes);
    this.#mostIds = Math.max(1, Math.min(mostIds, fitting));
  }

  renew(renewal: Renewal): void {
    const { clock, timeoutMs } = this.#options;
    this.#asked += 1;
    this.#wait({ renewal, order: this.#asked, untilMs: clock.monotonicMs() + timeoutMs });
    this.#timer ??= this.#flushAfter(gatherMs);
    // A group that just took nothing is not asked more often for there being much to ask.
    if (this.#ids.size >= this.#mostIds && !this.#isRepeating) this.#flush();
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#ids.add(waiting.renewal.id);
  }

  #flushAfter(delayMs: number): Timer {
    return this.#options.timers.after(delayMs, () => {
      this.#timer = null;
      this.#flush();
    });
  }

  /** Also called when there is nothing: a full command goes before its time. */
  #flush(): void {
    const waiting = this.#isRepeating ? this.#stillWanted() : this.#waiting;
    this.#waiting = [];
    this.#ids.clear();
    this.#isRepeating = false;
    let batch: Waiting[] = [];
    let ids = new Set<bigint>();
    for (const one of waiting) {
      const { id } = one.renewal;
      if (ids.size === this.#mostIds && !ids.has(id)) {
        this.#propose(batch, ids);
        batch = [];
        ids = new Set();
      }
      ids.add(id);
      batch.push(one);
    }
    if (batch.length > 0) this.#propose(batch, ids);
  }

  #stillWanted(): Waiting[] {
    const wanted = this.#waiting.filter(({ renewal }) => renewal.isWanted());
    return wanted.sort((a, b) => a.order - b.order);
  }

  #propose(batch: readonly Waiting[], idSet: ReadonlySet<bigint>): void {
    const ids = [...idSet];
    const command = encodeCommand({ kind: 'leaseKeepAlive', ids });
    this.#options.group.propose(keyValueCommand(command), (error, applied) => {
      if (error !== null) {
        this.#failed(batch, error);
        return;
      }
      const { result } = present(applied, 'what did not fail was applied');
      if (result.kind !== 'leaseKeepAlive') {
        for (const { renewal } of batch) renewal.failed(malformedCommand);
        return;
      }
      const { ttlSeconds, revision } = result;
      const granted = new Map(ids.map((id, at) => [id, ttlSeconds[at]]));
      for (const { renewal } of batch) {
        renewal.renewed(present(granted.get(renewal.id), 'every id is answered'), revision);
      }
    });
  }

  #failed(batch: readonly Waiting[], error: RuntimeError): void {
    const nowMs = this.#options.clock.monotonicMs();
    const isPassing = mayPass(error);
    const told = rpcErrorOfRuntime(error);
    const before = this.#waiting.length;
    for (const one of batch) {
      if (isPassing && nowMs < one.untilMs) this.#wait(one);
      else one.renewal.failed(told);
    }
    if (this.#isRepeating || this.#waiting.length === before) return;
    this.#isRepeating = true;
    this.#timer?.cancel();
    this.#timer = this.#flushAfter(repeatMs);
  }
}

/** Whether the same command may go through a moment later. */
function mayPass({ code, metadata }: RuntimeError): boolean {
  switch (code) {
    case 'RUNTIME_NO_LEADER':
    case 'RUNTIME_NOT_LEADER':
    case 'RUNTIME_OVERLOADED':
    case 'RUNTIME_PROPOSAL_LOST':
      return true;
    case 'RUNTIME_OUTCOME_UNKNOWN':
      return !('reason' in metadata && metadata.reason === 'stopping');
    default:
      return false;
  }
}
