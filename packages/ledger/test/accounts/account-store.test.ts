import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountsPerChunk, firstWide, numbersShift } from '../../src/accounts/account-chunk.ts';
import { kinds, Pair, read, readAll } from './accounts-model.ts';

test('accounts are what a plain list would say, through creations, undos and writes', () => {
  for (const seed of [1, 2, 3]) {
    const pair = new Pair(seed);
    const { prng, store, expected } = pair;
    for (let step = 0; step < 6000; step++) {
      const dice = prng.below(10);
      if (expected.length === 0 || dice < 5) pair.create();
      else if (dice === 5) pair.undoCreate();
      else pair.write(prng.below(expected.length));
      if (step % 1000 === 999) assert.deepEqual(readAll(store), expected, `seed ${seed}`);
    }
    assert.equal(store.count, expected.length);
    for (const [id, slot] of pair.slots) {
      assert.equal(pair.find(id), slot, `seed ${seed}`);
      assert.equal(store.idAt(slot), id);
      const unknown = id ^ (1n << BigInt(prng.below(128)));
      assert.equal(pair.find(unknown), pair.slots.get(unknown) ?? -1, `seed ${seed}`);
    }
  }
});

test('accounts on both sides of the end of a chunk are what they were created as', () => {
  const pair = new Pair(4);
  for (let i = 0; i < accountsPerChunk * 2 + 3; i++) pair.create();
  const edges = [0, 1, accountsPerChunk - 1, accountsPerChunk, accountsPerChunk * 2, -1].map(
    (edge) => (edge < 0 ? pair.expected.length + edge : edge),
  );
  for (const slot of edges) for (let i = 0; i < 9; i++) pair.write(slot);
  assert.deepEqual(readAll(pair.store), pair.expected);
  while (pair.store.count >= accountsPerChunk - 2) pair.undoCreate();
  for (let i = 0; i < 9; i++) pair.create();
  assert.deepEqual(readAll(pair.store), pair.expected);
  assert.equal(pair.store.chunks.length, 3);
});

test('an account taken back is found no more, and its slot is the next one', () => {
  const pair = new Pair(5);
  pair.create(7n);
  pair.create(8n);
  pair.write(1);
  pair.store.setBalance(1, 0, 2n ** 100n);
  pair.undoCreate();
  assert.deepEqual([pair.find(7n), pair.find(8n)], [0, -1]);
  assert.equal(pair.create(9n), 1);
  assert.deepEqual(read(pair.store, 1), pair.at(1));
  assert.equal(pair.create(8n), 2);
  assert.equal(pair.find(8n), 2);
});

test('a second account with an id is a mistake of the caller, and changes nothing', () => {
  const pair = new Pair(11);
  for (const id of [7n, 8n, 9n]) pair.create(id);
  const id = Uint32Array.of(8, 0, 0, 0);
  assert.throws(() => pair.store.create(id, 0, 1, 1, 0, 0, 0), /no other account/);
  assert.deepEqual(readAll(pair.store), pair.expected);
  assert.equal(pair.create(10n), 3);
  assert.deepEqual([pair.find(8n), pair.find(10n)], [1, 3]);
});

test('a balance goes up through 2^53 and down again without losing a unit', () => {
  const pair = new Pair(6);
  const { store } = pair;
  pair.create();
  pair.create();
  for (const kind of kinds.keys()) {
    for (let value = 2n ** 53n - 3n; value < 2n ** 53n + 3n; value++) {
      store.setBalance(1, kind, value);
      assert.equal(store.balance(1, kind), value);
      assert.equal(Number.isNaN(store.balanceNumber(1, kind)), value >= 2n ** 53n);
    }
    store.setBalance(1, kind, 2n ** 128n - 1n);
    assert.equal(store.balance(1, kind), 2n ** 128n - 1n);
    for (let value = 2n ** 53n + 2n; value >= 2n ** 53n - 2n; value--) {
      store.setBalance(1, kind, value);
      assert.equal(store.balance(1, kind), value);
    }
    assert.equal(store.balanceNumber(1, kind), 2 ** 53 - 2);
    assert.equal(store.balance(0, kind), 0n);
  }
  assert.throws(() => store.setBalance(0, 0, 2n ** 128n), /2\^128/);
  assert.throws(() => store.setBalance(0, 0, -1n), /2\^128/);
  assert.throws(() => store.balance(2, 0), /slot/);
});

test('a loop that adds numbers and falls back as the docstring says is exact', () => {
  const pair = new Pair(7);
  const { store, prng } = pair;
  const slot = pair.create();
  let expected = 0n;
  for (let step = 0; step < 4000; step++) {
    const amount = prng.below(2 ** 46) * (prng.chance(0.48) ? -1 : 1);
    if (expected + BigInt(amount) < 0n) continue;
    expected += BigInt(amount);
    store.touch(slot);
    const numbers = store.chunks[0]?.numbers ?? new Float64Array();
    const at = (slot << numbersShift) + 1;
    const sum = (numbers[at] ?? 0) + amount;
    if (sum < firstWide) numbers[at] = sum;
    else store.setBalance(slot, 1, store.balance(slot, 1) + BigInt(amount));
    assert.equal(store.balance(slot, 1), expected);
  }
  assert.ok(expected > 2n ** 53n || Number.isNaN(store.balanceNumber(slot, 1)) === false);
});

test('equal windows hash alike, and any balance or flag that differs shows', () => {
  const [one, other] = [new Pair(8), new Pair(8)];
  for (const pair of [one, other]) {
    for (let i = 0; i < 300; i++) pair.create();
    for (let i = 0; i < 900; i++) pair.write(pair.prng.below(300));
  }
  const window = (pair: Pair): number => pair.store.hashWindow(10, 250);
  assert.equal(window(one), window(other));
  assert.equal(one.store.hashWindow(0, 0), other.store.hashWindow(5, 5));
  for (let run = 0; run < 500; run++) {
    const slot = 10 + one.prng.below(240);
    const kind = one.prng.below(4);
    const before = other.store.balance(slot, kind);
    other.store.setBalance(slot, kind, before ^ (1n << BigInt(one.prng.below(128))));
    assert.notEqual(window(one), window(other));
    other.store.setBalance(slot, kind, before);
    other.store.setFlags(slot, other.store.flags(slot) ^ 32);
    assert.notEqual(window(one), window(other));
    other.store.setFlags(slot, other.store.flags(slot) ^ 32);
    assert.equal(window(one), window(other));
  }
  other.store.setBalance(9, 0, other.store.balance(9, 0) ^ 1n);
  other.store.setBalance(250, 0, other.store.balance(250, 0) ^ 1n);
  assert.equal(window(one), window(other));
});

test('balances that change places between kinds or accounts change the hash', () => {
  const pair = new Pair(9);
  pair.create();
  pair.create();
  const seen = new Set<number>();
  let count = 0;
  for (const slot of [0, 1]) {
    for (const kind of kinds.keys()) {
      for (const value of [1n, 2n ** 32n, 2n ** 53n, 2n ** 64n, 2n ** 96n]) {
        for (const other of [0, 1]) pair.store.setFlags(other, 0);
        pair.store.setBalance(slot, kind, value);
        seen.add(pair.store.hashWindow(0, 2));
        count++;
        pair.store.setBalance(slot, kind, 0n);
      }
    }
  }
  assert.equal(seen.size, count);
});
