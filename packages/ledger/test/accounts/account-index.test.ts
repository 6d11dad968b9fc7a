import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { AccountStore } from '../../src/accounts/account-store.ts';
import { hashUint128 } from '../../src/numbers/uint128.ts';

const noData = new Uint32Array(4);

function create(store: AccountStore, id: Uint32Array, at: number): void {
  store.create(id, at, 1, 1, 0, store.count, 0);
}

/** Ids one after the other, or random ones; the lanes of all of them. */
function ids(count: number, prng: Prng | null): Uint32Array {
  const lanes = new Uint32Array(count * 4);
  for (let i = 0; i < count; i++) {
    lanes[i * 4] = i + 1;
    for (let lane = 1; lane < 4; lane++) lanes[i * 4 + lane] = prng === null ? 0 : prng.uint32();
  }
  return lanes;
}

test('every account is found while the index grows, and no other', () => {
  for (const prng of [null, new Prng(1)]) {
    const count = 40_000;
    const lanes = ids(count, prng);
    const store = new AccountStore(prng === null ? 0 : 77);
    let next = 1;
    for (let slot = 0; slot < count; slot++) {
      assert.equal(store.find(lanes, slot * 4), -1);
      create(store, lanes, slot * 4);
      assert.equal(store.find(lanes, slot * 4), slot);
      // All of them at sizes that grow, and so on both sides of each growth.
      if (slot < next) continue;
      next = Math.ceil(next * 1.3);
      for (let other = 0; other <= slot; other++) assert.equal(store.find(lanes, other * 4), other);
    }
    assert.equal(store.find(noData, 0), -1);
  }
});

test('accounts taken back one after the other leave the index as it was before them', () => {
  const count = 12_000;
  const lanes = ids(count, new Prng(2));
  const store = new AccountStore();
  const prng = new Prng(3);
  for (let round = 0; round < 6; round++) {
    while (store.count < count) create(store, lanes, store.count * 4);
    const kept = prng.below(count);
    while (store.count > kept) store.undoCreate();
    for (let i = 0; i < count; i++) assert.equal(store.find(lanes, i * 4), i < kept ? i : -1);
  }
});

test('ids with one hash, chosen by somebody who knows the seed, are found all the same', () => {
  // The last lane is chosen so that the state before the last steps is the same for all.
  const count = 5000;
  const lanes = new Uint32Array(count * 4);
  const inverse = invert32(0x27d4_eb2f);
  for (let i = 0; i < count; i++) {
    lanes[i * 4] = i + 1;
    // Before the last lane comes in, all steps are known: see hashUint128.
    let hash = Math.imul((i + 1) ^ 0x5bd1_e995, 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca77);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae3d);
    lanes[i * 4 + 3] = Math.imul(12_345, inverse) ^ hash ^ (hash >>> 16);
  }
  const hashes = new Set<number>();
  for (let i = 0; i < count; i++) {
    hashes.add(hashUint128(lanes[i * 4] ?? 0, 0, 0, lanes[i * 4 + 3] ?? 0, 0));
  }
  assert.equal(hashes.size, 1);
  const store = new AccountStore();
  for (let i = 0; i < count; i++) create(store, lanes, i * 4);
  for (let i = 0; i < count; i += 7) assert.equal(store.find(lanes, i * 4), i);
  const slots = new Int32Array(700);
  store.findMany(lanes, 700, slots);
  assert.deepEqual([...slots], [...slots.keys()]);
  while (store.count > count / 2) store.undoCreate();
  for (let i = 0; i < count; i += 7) {
    assert.equal(store.find(lanes, i * 4), i < count / 2 ? i : -1);
  }
});

test('many ids are found as they are one by one, and those of no account are not', () => {
  const prng = new Prng(4);
  for (const count of [0, 1, 255, 256, 257, 9000]) {
    const lanes = ids(count, prng);
    const asked = new Uint32Array(count * 8);
    const store = new AccountStore(9);
    for (let i = 0; i < count; i++) {
      if (prng.chance(0.7)) create(store, lanes, i * 4);
      const from = prng.below(count) * 4;
      asked.set(lanes.subarray(from, from + 4), i * 8);
      asked.set(lanes.subarray(i * 4, i * 4 + 4), i * 8 + 4);
    }
    const slots = new Int32Array(count * 2 + 1).fill(-7);
    store.findMany(asked, count * 2, slots);
    for (let i = 0; i < count * 2; i++) assert.equal(slots[i], store.find(asked, i * 4));
    assert.equal(slots[count * 2], -7);
  }
});

/** The number whose product with an odd one is 1, modulo 2^32. */
function invert32(odd: number): number {
  let inverse = odd;
  for (let round = 0; round < 5; round++) {
    inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  }
  return inverse;
}
