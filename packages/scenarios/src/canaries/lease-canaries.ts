import type { Canary } from './canary.ts';

/** Leases of the key-value store: neither early nor for ever. */
export const leaseCanaries: readonly Canary[] = [
  {
    name: 'every-tick-counts',
    why: 'two leaders tell of the same time one after the other, and it counts twice',
    file: 'kv/src/kv-store.ts',
    find: 'if (after === this.leases.ticks) {',
    replace: 'if (after <= this.leases.ticks) {',
  },
  {
    name: 'lease-lives-from-the-tick-before',
    why: 'the time between the last tick and the renewal is taken from the lease',
    file: 'kv/src/lease/lease-table.ts',
    find: 'this.#span.startMs = this.#nowMs;',
    replace: 'this.#span.startMs = this.#nowMs - elapsedMs;',
  },
  {
    name: 'leader-counts-from-its-own-tick',
    why: 'a new leader tells of time that another has told of, since it led last',
    file: 'kv/src/lease/lease-ticker.ts',
    find: 'if (ticks !== this.#ticks) this.#tickedAtMs = this.#nowMs;',
    replace: 'if (ticks !== this.#ticks && this.#isLeader) this.#tickedAtMs = this.#nowMs;',
  },
  {
    name: 'renewed-lease-never-ends',
    why: 'whoever finds a lease renewed when its first time is over does not look at it again',
    file: 'kv/src/lease/lease-table.ts',
    find: 'this.#order.move(lease, deadlineMs);',
    replace: 'this.#order.remove(lease);',
  },
  {
    name: 'new-leader-does-not-tick',
    why: 'leases live on for ever when the leader that granted them is gone',
    file: 'kv/src/lease/lease-ticker.ts',
    find: 'if (isLeader === this.#isLeader) return;',
    replace: 'if (isLeader === this.#isLeader || this.#ticks > 0) return;',
  },
];
