import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountBlockReader } from '../../src/accounts/account-block-reader.ts';
import { AccountBlockWriter } from '../../src/accounts/account-block-writer.ts';
import { flagsWord, idWord, numbersShift, wordsShift } from '../../src/accounts/account-chunk.ts';
import type { AccountSnapshot } from '../../src/accounts/account-snapshot.ts';
import { AccountStore } from '../../src/accounts/account-store.ts';
import { type Expected, kinds, Pair, readAll } from './accounts-model.ts';

function fail(reason: string, offset: number): never {
  throw new Error(`${reason} at ${offset}`);
}

function check(snapshot: AccountSnapshot, expected: readonly Expected[], what: string): void {
  assert.equal(snapshot.count, expected.length);
  for (const [slot, account] of expected.entries()) {
    for (const [kind, name] of kinds.entries()) {
      assert.equal(snapshot.balance(slot, kind), account[name], `${what}: ${name} of ${slot}`);
    }
    assert.equal(snapshot.flags(slot), account.flags, what);
    assert.equal(snapshot.lastTransfer(slot), account.lastTransfer, what);
  }
}

function filled(seed: number, count: number): Pair {
  const pair = new Pair(seed);
  for (let i = 0; i < count; i++) pair.create();
  for (let i = 0; i < count * 2; i++) pair.write(pair.prng.below(count));
  return pair;
}

function blocksOf(store: AccountStore): Uint8Array[] {
  return [...drawn(new AccountBlockWriter(store.chunks, store.openSnapshot()))];
}

function* drawn(writer: AccountBlockWriter): Iterable<Uint8Array> {
  for (let next = writer.next(); !next.done; next = writer.next()) yield next.value;
}

function restored(blocks: Iterable<Uint8Array>): AccountStore {
  const store = new AccountStore(5);
  const reader = new AccountBlockReader(store, fail);
  for (const block of blocks) reader.block(block);
  return store;
}

test('a snapshot sees what was there when it was opened, while everything is written', () => {
  for (const seed of [1, 2, 3]) {
    const pair = filled(seed, 300);
    const open = new Map<AccountSnapshot, Expected[]>();
    for (let step = 0; step < 4000; step++) {
      const dice = pair.prng.below(400);
      if (dice < 3) open.set(pair.store.openSnapshot(), [...pair.expected]);
      if (dice < 20) pair.create();
      const [oldest] = open;
      if (dice === 399 && oldest !== undefined) {
        check(...oldest, `seed ${seed}`);
        oldest[0].close();
        open.delete(oldest[0]);
      }
      // What was created after the youngest snapshot may be taken back.
      const youngest = [...open.keys()].at(-1)?.count ?? 0;
      if (dice > 380 && pair.store.count > youngest) pair.undoCreate();
      pair.write(pair.prng.below(pair.expected.length));
    }
    assert.ok(open.size > 1);
    for (const [snapshot, expected] of open) check(snapshot, expected, `seed ${seed}`);
    assert.deepEqual(readAll(pair.store), pair.expected);
  }
});

test('a write that was not announced shows in the snapshot, and one that was does not', () => {
  const pair = filled(4, 40);
  const numbers = pair.store.chunks[0]?.numbers ?? new Float64Array();
  const words = pair.store.chunks[0]?.words ?? new Uint32Array();
  for (const isTouched of [true, false]) {
    for (const field of ['balance', 'lastTransfer', 'flags'] as const) {
      const slot = 17;
      pair.store.setBalance(slot, 0, 5n);
      const snapshot = pair.store.openSnapshot();
      const before = [5n, pair.store.lastTransfer(slot), pair.store.flags(slot)];
      if (isTouched) pair.store.touch(slot);
      if (field === 'balance') numbers[slot << numbersShift] = 6;
      if (field === 'lastTransfer') numbers[(slot << numbersShift) + 4] = (before[1] as number) + 1;
      if (field === 'flags') words[(slot << wordsShift) + flagsWord] = (before[2] as number) ^ 32;
      const after = [snapshot.balance(slot, 0), snapshot.lastTransfer(slot), snapshot.flags(slot)];
      if (isTouched) assert.deepEqual(after, before, field);
      else assert.notDeepEqual(after, before, field);
      snapshot.close();
    }
  }
});

test('only what is written to is copied, once, and not if it is new or its block is done', () => {
  const pair = filled(5, 5000);
  const snapshot = pair.store.openSnapshot();
  assert.equal(snapshot.copiedBytes, 0);
  for (let i = 0; i < 20; i++) pair.write(pair.create());
  assert.equal(snapshot.copiedBytes, 0);
  pair.write(4096);
  const one = snapshot.copiedBytes;
  assert.ok(one > 0 && one <= 64);
  for (let i = 0; i < 50; i++) pair.write(4096);
  assert.equal(snapshot.copiedBytes, one);
  for (let slot = 0; slot < 64; slot++) pair.write(slot);
  assert.equal(snapshot.copiedBytes, 65 * one);
  snapshot.doneBelow(4095);
  assert.equal(snapshot.copiedBytes, 65 * one);
  snapshot.doneBelow(4096);
  assert.equal(snapshot.copiedBytes, one);
  for (let slot = 0; slot < 64; slot++) pair.write(slot);
  assert.equal(snapshot.copiedBytes, one);
  assert.throws(() => snapshot.flags(0), /done/);
  snapshot.close();
  snapshot.close();
  assert.throws(() => snapshot.balance(64, 0), /open/);
  pair.write(80);
  assert.equal(snapshot.copiedBytes, 0);
});

test('copies of blocks that are done make room for those of others', () => {
  const pair = filled(17, 3 * 4096);
  const expected = [...pair.expected];
  const snapshot = pair.store.openSnapshot();
  for (let slot = 0; slot < 4096; slot++) pair.write(slot);
  const block = snapshot.copiedBytes;
  for (let at = 1; at < 3; at++) {
    snapshot.doneBelow(at * 4096);
    assert.equal(snapshot.copiedBytes, 0);
    for (let slot = at * 4096; slot < (at + 1) * 4096; slot++) pair.write(slot);
    assert.equal(snapshot.copiedBytes, block);
    for (let slot = at * 4096; slot < (at + 1) * 4096; slot += 7) {
      assert.equal(snapshot.balance(slot, 1), expected[slot]?.debitsPosted);
      assert.equal(snapshot.flags(slot), expected[slot]?.flags);
    }
  }
  snapshot.close();
});

test('a snapshot of some blocks copies nothing of the others', () => {
  const pair = filled(18, 3 * 4096);
  const expected = [...pair.expected];
  const snapshot = pair.store.openSnapshot(Uint8Array.of(0, 1, 0));
  for (let i = 0; i < 3000; i++) pair.write(pair.prng.below(4096) + pair.prng.pick([0, 8192]));
  assert.equal(snapshot.copiedBytes, 0);
  for (let i = 0; i < 9000; i++) pair.write(pair.prng.below(expected.length));
  assert.ok(snapshot.copiedBytes > 0);
  for (let slot = 4096; slot < 8192; slot++) {
    assert.equal(snapshot.balance(slot, 2), expected[slot]?.creditsPending);
  }
  assert.throws(() => snapshot.flags(0), /belongs/);
  assert.throws(() => snapshot.flags(8192), /belongs/);
  snapshot.close();
});

test('what a snapshot holds cannot be taken back', () => {
  const pair = filled(6, 10);
  const snapshot = pair.store.openSnapshot();
  assert.throws(() => pair.store.undoCreate(), /snapshot/);
  snapshot.close();
  pair.undoCreate();
  assert.equal(pair.store.count, 9);
});

test('blocks rebuild the accounts as they were, whatever is written while they are drawn', () => {
  for (const [seed, count] of [
    [7, 0],
    [8, 1],
    [9, 4096],
    [10, 9000],
    [11, 17_000],
  ] as const) {
    const pair = filled(seed, count);
    const expected = [...pair.expected];
    const before = blocksOf(pair.store);
    const writer = new AccountBlockWriter(pair.store.chunks, pair.store.openSnapshot());
    const blocks: Uint8Array[] = [];
    for (const block of drawn(writer)) {
      assert.ok(block.length <= 1024 * 1024);
      blocks.push(block);
      for (let i = 0; i < 3000; i++) pair.write(pair.prng.below(pair.expected.length));
      for (let i = 0; i < 20; i++) pair.create();
    }
    assert.deepEqual(blocks, before, `seed ${seed}`);
    const store = restored(blocks);
    assert.deepEqual(readAll(store), expected, `seed ${seed}`);
    assert.deepEqual(blocksOf(store), before, `seed ${seed}`);
  }
});

test('a restored store finds its accounts, hashes as the other, and goes on', () => {
  const pair = filled(12, 5000);
  const store = restored(blocksOf(pair.store));
  assert.equal(store.hashWindow(0, 5000), pair.store.hashWindow(0, 5000));
  const other = new Pair(13);
  for (const [id, slot] of pair.slots) {
    assert.equal(store.find(idLanes(id), 0), slot);
  }
  assert.equal(other.create(), 0);
  store.undoCreate();
  assert.equal(store.find(idLanes(pair.at(4999).id), 0), -1);
  assert.equal(store.create(idLanes(pair.at(4999).id), 0, 1, 1, 0, 1, 1), 4999);
});

function idLanes(id: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((id >> shift) & 0xffff_ffffn));
}

test('drawing that ends early closes the snapshot', () => {
  const pair = filled(14, 5000);
  const snapshot = pair.store.openSnapshot();
  const writer = new AccountBlockWriter(pair.store.chunks, snapshot);
  writer.next();
  writer.return();
  assert.deepEqual(writer.next(), { done: true, value: undefined });
  assert.throws(() => snapshot.flags(4999), /open/);
  pair.undoCreate();
});

test('blocks cut short, out of order, twice or of another version are refused', () => {
  const pair = filled(15, 4100);
  const [first, second] = blocksOf(pair.store);
  assert.ok(first !== undefined && second !== undefined);
  const refuses = (pattern: RegExp, ...blocks: Uint8Array[]): void => {
    assert.throws(() => restored(blocks), pattern);
  };
  refuses(/out of order/, second);
  refuses(/out of order/, first, first);
  refuses(/version 2/, Uint8Array.from([2, ...second.subarray(1)]));
  for (let length = 0; length < second.length; length += 3) {
    refuses(/too early|too few/, first, second.subarray(0, length));
  }
  refuses(/too many/, first, Uint8Array.from([...second, 0]));
});

test('a damaged block is refused or read, and nothing else is thrown', () => {
  const pair = filled(16, 12);
  const [block] = blocksOf(pair.store);
  assert.ok(block !== undefined);
  let refused = 0;
  for (let at = 0; at < block.length; at++) {
    const damaged = block.slice();
    damaged[at] = (damaged[at] ?? 0) ^ (1 << pair.prng.below(8));
    try {
      readAll(restored([damaged]));
    } catch (error) {
      refused++;
      assert.match(String(error), /^Error: .* at \d+$/);
    }
  }
  assert.ok(refused > 10, `${refused} of ${block.length} were refused`);
});

test('two accounts with one id, and an id that no account has, are refused', () => {
  for (const [ids, pattern] of [
    [[3n, 3n], /one id/],
    [[0n, 3n], /0 or 2\^128/],
    [[3n, 2n ** 128n - 1n], /0 or 2\^128/],
  ] as const) {
    const store = new AccountStore();
    for (const slot of ids.keys()) store.create(idLanes(7n + BigInt(slot)), 0, 1, 1, 0, slot, 0);
    for (const [slot, id] of ids.entries()) {
      store.chunks[0]?.words.set(idLanes(id), (slot << wordsShift) + idWord);
    }
    assert.throws(() => restored(blocksOf(store)), pattern);
  }
});
