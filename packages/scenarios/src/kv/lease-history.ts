import type { AppliedEntry } from '@quorate/base';
import type { KvResult } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';

/** A grant or renewal that was acknowledged. Times are true time. */
interface Renewal {
  readonly index: number;
  /** Before anybody could have appended it. */
  readonly askedAtMs: number;
  readonly ttlMs: number;
}

interface Ended {
  readonly id: bigint;
  /** Of its grant: an id may have been another lease's before. */
  readonly grantedAt: number;
  readonly index: number;
  /** When the first replica applied its end. */
  readonly atMs: number;
}

/** What clients were told of leases, and when replicas ended them because their time was over. */
export class LeaseHistory {
  readonly #renewals = new Map<bigint, Renewal[]>();
  readonly #ended: Ended[] = [];
  readonly #grantedAt = new Map<bigint, number>();

  /** How many leases ended by themselves. */
  get ended(): number {
    return this.#ended.length;
  }

  renewed(id: bigint, renewal: Renewal): void {
    const known = this.#renewals.get(id);
    if (known === undefined) this.#renewals.set(id, [renewal]);
    else known.push(renewal);
  }

  /** To be told what was applied at each index, once, when the first replica has. */
  applied({ index }: AppliedEntry, result: KvResult, nowMs: number): void {
    if (result.kind === 'leaseGrant') this.#grantedAt.set(result.id, index);
    if (result.kind !== 'leaseTick') return;
    for (const id of result.expired) {
      this.#ended.push({ id, grantedAt: this.#grantedAt.get(id) ?? index, index, atMs: nowMs });
    }
  }

  /**
   * No lease ended before the time to live of its last acknowledged renewal was over, by true time
   * and from when that was asked for.
   *
   * @throws InvariantViolation
   */
  check(): void {
    for (const { id, grantedAt, index, atMs } of this.#ended) {
      for (const renewal of this.#renewals.get(id) ?? []) {
        const dueMs = renewal.askedAtMs + renewal.ttlMs;
        const isOfIt = renewal.index >= grantedAt && renewal.index < index;
        if (!isOfIt || atMs >= dueMs) continue;
        const why =
          `lease ${id} was ended at index ${index}, ${(dueMs - atMs).toFixed(3)} ms before the ` +
          `${renewal.ttlMs} ms were over that index ${renewal.index} gave it`;
        throw new InvariantViolation('leases live their time', why);
      }
    }
  }
}
