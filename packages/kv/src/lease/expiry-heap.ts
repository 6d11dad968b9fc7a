import type { Lease } from './lease.ts';

/**
 * Leases in the order in which they end: a binary heap by `boundMs`, and by id where that is equal.
 * A renewal leaves a lease where it is, since its bound stays a bound; whoever takes a lease out
 * looks at its deadline, and puts it back when that is later. So a renewal costs nothing here, and
 * a lease is moved once in each time to live at most.
 */
export class ExpiryHeap {
  readonly #leases: Lease[] = [];

  get size(): number {
    return this.#leases.length;
  }

  get first(): Lease | undefined {
    return this.#leases[0];
  }

  add(lease: Lease, boundMs: number): void {
    lease.boundMs = boundMs;
    this.#leases.push(lease);
    this.#rise(lease, this.#leases.length - 1);
  }

  remove(lease: Lease): void {
    const last = this.#leases.pop() as Lease;
    if (last !== lease) this.#place(last, lease.heapAt);
  }

  /** Gives a lease that is here another bound. */
  move(lease: Lease, boundMs: number): void {
    lease.boundMs = boundMs;
    this.#place(lease, lease.heapAt);
  }

  #place(lease: Lease, at: number): void {
    this.#rise(lease, this.#sink(lease, at));
  }

  #rise(lease: Lease, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = this.#leases[parent] as Lease;
      if (!isBefore(lease, above)) break;
      this.#set(above, at);
      at = parent;
    }
    this.#set(lease, at);
  }

  #sink(lease: Lease, from: number): number {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      let below = this.#leases[child];
      if (below === undefined) break;
      const right = this.#leases[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child += 1;
      }
      if (!isBefore(below, lease)) break;
      this.#set(below, at);
      at = child;
    }
    return at;
  }

  #set(lease: Lease, at: number): void {
    this.#leases[at] = lease;
    lease.heapAt = at;
  }
}

function isBefore(a: Lease, b: Lease): boolean {
  return a.boundMs === b.boundMs ? a.id < b.id : a.boundMs < b.boundMs;
}
