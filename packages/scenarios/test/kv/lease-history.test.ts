import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KvResult } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';
import { LeaseHistory } from '../../src/kv/lease-history.ts';

const id = 7n;
const ttlMs = 2000;

/** A history, told by its log; renewals are acknowledged as a client would be. */
class Told {
  readonly history = new LeaseHistory();
  #index = 0;

  granted(atMs: number): void {
    this.#applied({ kind: 'leaseGrant', id, ttlSeconds: 2, revision: 1 }, atMs + 5);
    this.history.renewed(id, { index: this.#index, askedAtMs: atMs, ttlMs });
  }

  renewed(atMs: number): void {
    this.#index += 1;
    this.history.renewed(id, { index: this.#index, askedAtMs: atMs, ttlMs });
  }

  ended(atMs: number): void {
    this.#applied({ kind: 'leaseTick', expired: [id], revision: 1 }, atMs);
  }

  get violation(): string {
    try {
      this.history.check();
      return '';
    } catch (error) {
      assert.ok(error instanceof InvariantViolation);
      return error.message;
    }
  }

  #applied(result: KvResult, nowMs: number): void {
    this.#index += 1;
    const entry = { index: this.#index, term: 1, timestampMicros: 1, command: new Uint8Array() };
    this.history.applied(entry, result, nowMs);
  }
}

describe('the history of leases', () => {
  it('has nothing against a lease that ends after its time', () => {
    const told = new Told();
    told.granted(100);
    told.renewed(1500);
    told.ended(3500);
    assert.equal(told.violation, '');
    assert.equal(told.history.ended, 1);
  });

  it('finds a lease that ends before the time of its grant, or of its renewal', () => {
    const early = new Told();
    early.granted(100);
    early.ended(2099);
    assert.match(early.violation, /lease 7 was ended at index 2, 1.000 ms before the 2000 ms/);
    const renewed = new Told();
    renewed.granted(100);
    renewed.renewed(1500);
    renewed.ended(3000);
    assert.match(renewed.violation, /500.000 ms before the 2000 ms were over that index 2 gave it/);
  });

  it('does not take a renewal for that of the lease which had the id before or after', () => {
    const told = new Told();
    told.granted(100);
    told.renewed(200);
    // Revoked, which nobody tells of, and granted anew.
    told.granted(300);
    told.ended(2300);
    told.granted(2350);
    told.renewed(2400);
    assert.equal(told.violation, '');
  });
});
