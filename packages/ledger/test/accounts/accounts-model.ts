import assert from 'node:assert/strict';
import { Prng } from '@quorate/base';
import { AccountStore } from '../../src/accounts/account-store.ts';
import type { Account } from '../../src/model/account.ts';
import { writeUint128 } from '../../src/numbers/uint128.ts';

const lanes = new Uint32Array(8);

export const kinds = ['debitsPending', 'debitsPosted', 'creditsPending', 'creditsPosted'] as const;

/** An account as a test sees it: what the store should answer, and what it was created with. */
export interface Expected extends Account {
  readonly createdFlags: number;
  readonly lastTransfer: number;
}

/** A store beside the slowest right answer. */
export class Pair {
  readonly store = new AccountStore();
  readonly expected: Expected[] = [];
  readonly slots = new Map<bigint, number>();
  readonly prng: Prng;

  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  create(id: bigint = this.#newId()): number {
    const { store, prng, expected } = this;
    const flags = prng.pick([0, 2, 4, 8, 10, 32]);
    const timestamp = (expected.at(-1)?.timestamp ?? 2n ** 60n - 5n) + BigInt(prng.between(1, 9));
    const ledger = prng.pick([1, 978, 2 ** 32 - 1]);
    const code = prng.between(1, 65_535);
    writeUint128(lanes, 2, id);
    const low = Number(timestamp & 0xffff_ffffn);
    const slot = store.create(lanes, 2, ledger, code, flags, low, Number(timestamp >> 32n));
    const hasData = prng.chance(0.3);
    const userData128 = hasData ? this.number128() : 0n;
    const userData64 = hasData ? this.number128() >> 64n : 0n;
    const userData32 = hasData ? prng.uint32() : 0;
    if (hasData) {
      writeUint128(lanes, 0, userData128);
      writeUint128(lanes, 4, userData64);
      store.setUserData(slot, lanes, 0, lanes, 4, userData32);
    }
    expected.push({
      ...{ id, debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n },
      ...{ userData128, userData64, userData32, ledger, code, flags, timestamp },
      ...{ createdFlags: flags, lastTransfer: -1 },
    });
    this.slots.set(id, slot);
    assert.equal(slot, expected.length - 1);
    return slot;
  }

  undoCreate(): void {
    this.store.undoCreate();
    this.slots.delete(this.expected.pop()?.id ?? -1n);
  }

  /** Writes something to an account, whichever way. */
  write(slot: number): void {
    const { store, prng } = this;
    const before = this.at(slot);
    const kind = prng.below(4);
    const name = kinds[kind] ?? 'debitsPending';
    const value = prng.pick([
      ...[0n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 128n - 1n],
      ...[BigInt(prng.below(1000)), BigInt(prng.below(2 ** 53)), this.number128()],
    ]);
    const flags = prng.chance(0.1) ? before.flags ^ 32 : before.flags;
    const lastTransfer = prng.chance(0.5) ? prng.below(2 ** 40) : before.lastTransfer;
    store.setBalance(slot, kind, value);
    store.setFlags(slot, flags);
    store.setLastTransfer(slot, lastTransfer);
    this.expected[slot] = { ...before, [name]: value, flags, lastTransfer };
  }

  at(slot: number): Expected {
    const found = this.expected[slot];
    assert.ok(found !== undefined);
    return found;
  }

  find(id: bigint): number {
    return findId(this.store, id);
  }

  number128(): bigint {
    let value = 0n;
    for (let lane = 0; lane < 4; lane++) value = (value << 32n) | BigInt(this.prng.uint32());
    return value;
  }

  #newId(): bigint {
    const id = this.prng.chance(0.5) ? this.number128() : BigInt(this.prng.between(1, 2 ** 40));
    return this.slots.has(id) ? this.#newId() : id;
  }
}

export function findId(store: AccountStore, id: bigint): number {
  writeUint128(lanes, 3, id);
  return store.find(lanes, 3);
}

/** All that a store says of an account. */
export function read(store: AccountStore, slot: number): Expected {
  return {
    ...store.accountAt(slot),
    createdFlags: store.createdFlags(slot),
    lastTransfer: store.lastTransfer(slot),
  };
}

export function readAll(store: AccountStore): Expected[] {
  return Array.from({ length: store.count }, (_, slot) => read(store, slot));
}
