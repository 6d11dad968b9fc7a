import type { LeaseCommand } from '@quorate/kv';

interface OneLease {
  readonly id: bigint;
  readonly ttlMs: number;
  /** In lease time; null until the tick after the last renewal. */
  startMs: number | null;
}

/** Leases as the simplest program that could be them. */
export class LeasesOfOne {
  readonly #leases = new Map<bigint, OneLease>();
  #nowMs = 0;
  #ticks = 0;

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /**
   * @param picked the id that a lease got which had asked for none
   * @returns the leases that it ended, in order; null: it is to be refused
   */
  apply(command: LeaseCommand, picked: bigint): readonly bigint[] | null {
    switch (command.kind) {
      case 'leaseGrant': {
        const id = command.id === 0n ? picked : command.id;
        if (this.#leases.has(id)) return null;
        this.#leases.set(id, { id, ttlMs: 1000 * command.ttlSeconds, startMs: null });
        return [];
      }
      case 'leaseRevoke':
        return this.#leases.delete(command.id) ? [command.id] : null;
      case 'leaseKeepAlive':
        for (const id of command.ids) {
          const lease = this.#leases.get(id);
          if (lease !== undefined) lease.startMs = null;
        }
        return [];
      case 'leaseTick':
        return command.after === this.#ticks ? this.#tick(command.elapsedMs) : [];
    }
  }

  #tick(elapsedMs: number): readonly bigint[] {
    this.#ticks += 1;
    this.#nowMs += elapsedMs;
    for (const lease of this.#leases.values()) lease.startMs ??= this.#nowMs;
    const over = [...this.#leases.values()]
      .map(({ id, ttlMs, startMs }) => ({ id, endMs: (startMs ?? 0) + ttlMs }))
      .filter(({ endMs }) => endMs <= this.#nowMs)
      .sort((a, b) => a.endMs - b.endMs || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
    for (const id of over) this.#leases.delete(id);
    return over;
  }
}
