import type { Transfer } from '../../src/model/transfer.ts';

/** When a pending transfer with a timeout expires, in nanoseconds since the epoch. */
export function expiresAt(pending: Transfer): bigint {
  return pending.timestamp + BigInt(pending.timeout) * 1_000_000_000n;
}

/** Pending transfers that are open and have a timeout, in a list: the first to expire first. */
export class ExpiringTransfers {
  readonly #sorted: Transfer[] = [];

  get first(): Transfer | undefined {
    return this.#sorted[0];
  }

  /** Those that have expired at a moment, in the order in which they do. */
  dueAt(moment: bigint): readonly Transfer[] {
    const later = this.#sorted.findIndex((transfer) => expiresAt(transfer) > moment);
    return this.#sorted.slice(0, later < 0 ? this.#sorted.length : later);
  }

  add(transfer: Transfer): void {
    this.#sorted.splice(this.#placeOf(transfer), 0, transfer);
  }

  /** Nothing happens when it is not there. */
  remove(transfer: Transfer): void {
    const at = this.#placeOf(transfer);
    if (this.#sorted[at]?.id === transfer.id) this.#sorted.splice(at, 1);
  }

  /** Where it stands, or would. */
  #placeOf(transfer: Transfer): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#sorted[middle] as Transfer, transfer)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(a: Transfer, b: Transfer): boolean {
  const [one, other] = [expiresAt(a), expiresAt(b)];
  return one === other ? a.timestamp < b.timestamp : one < other;
}
