import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountBlockReader } from '../../src/accounts/account-block-reader.ts';
import { AccountBlockWriter } from '../../src/accounts/account-block-writer.ts';
import type { AccountCheckpoint } from '../../src/accounts/account-checkpoint.ts';
import { AccountCheckpoints } from '../../src/accounts/account-checkpoints.ts';
import { AccountStore } from '../../src/accounts/account-store.ts';
import { Books } from '../../src/books/books.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import type { PartPlace } from '../../src/parts/part-store.ts';
import { type Expected, Pair, readAll } from './accounts-model.ts';

const perBlock = 4096;

function fail(reason: string, offset: number): never {
  throw new Error(`${reason} at ${offset}`);
}

interface World {
  readonly pair: Pair;
  readonly parts: MemoryParts;
  readonly checkpoints: AccountCheckpoints;
}

function worldOf(seed: number, count: number, leastTurnedBytes?: number): World {
  const pair = new Pair(seed);
  for (let i = 0; i < count; i++) pair.create();
  for (let i = 0; i < count / 4; i++) pair.write(pair.prng.below(count));
  const parts = new MemoryParts();
  const checkpoints = new AccountCheckpoints(pair.store, parts, leastTurnedBytes);
  return { pair, parts, checkpoints };
}

/** Draws what is left of a checkpoint, and calls `between` after each block. */
function drawn(checkpoint: AccountCheckpoint, between = (): void => {}): PartPlace[] {
  const places: PartPlace[] = [];
  for (let next = checkpoint.next(); !next.done; next = checkpoint.next()) {
    places.push(next.value);
    between();
  }
  return places;
}

function restored(parts: MemoryParts, places: readonly PartPlace[]): AccountStore {
  const store = new AccountStore(5);
  const reader = new AccountBlockReader(store, fail);
  for (const place of places) {
    const bytes = parts.read(place);
    assert.equal(bytes.length, place.length);
    reader.block(bytes);
  }
  return store;
}

/** What was written, whether all of it, and what is restored from there. */
function checkPlaces(
  { parts }: World,
  places: readonly PartPlace[],
  expected: readonly Expected[],
): void {
  assert.deepEqual(readAll(restored(parts, places)), expected);
}

test('a checkpoint stores the blocks that have changed, and names the others', () => {
  const world = worldOf(1, 3 * perBlock + 100);
  const { pair, checkpoints } = world;
  const first = checkpoints.begin();
  assert.equal(first.count, pair.store.count);
  const places = drawn(first);
  assert.equal(first.blocks, places.length);
  assert.equal(
    first.writtenBytes,
    places.reduce((sum, { length }) => sum + length, 0),
  );
  checkPlaces(world, places, pair.expected);

  const unchanged = checkpoints.begin();
  assert.deepEqual(drawn(unchanged), places);
  assert.equal(unchanged.writtenBytes, 0);

  pair.write(perBlock + 7);
  const second = checkpoints.begin();
  const others = drawn(second);
  assert.equal(second.writtenBytes, others[1]?.length);
  assert.deepEqual([others[0], others[2], others[3]], [places[0], places[2], places[3]]);
  assert.notDeepEqual(others[1], places[1]);
  checkPlaces(world, others, pair.expected);
});

test('each way of writing to an account makes its block part of the next checkpoint', () => {
  const lanes = new Uint32Array(4);
  const ways: readonly ((store: AccountStore, slot: number) => void)[] = [
    (store, slot) => store.setBalance(slot, 2, 5n),
    (store, slot) => store.setBalance(slot, 3, 2n ** 100n),
    (store, slot) => store.setFlags(slot, 32),
    (store, slot) => store.setLastTransfer(slot, 99),
    (store, slot) => store.setUserData(slot, lanes, 0, lanes, 0, 7),
    (store, slot) => store.touch(slot),
    (store, slot) => store.changed.addSlots(Int32Array.of(0, slot, 0), 1, 2),
  ];
  const { pair, checkpoints } = worldOf(2, 2 * perBlock + 9);
  drawn(checkpoints.begin());
  for (const [way, write] of ways.entries()) {
    for (const block of [0, 1, 2]) {
      write(pair.store, block * perBlock + 8);
      const checkpoint = checkpoints.begin();
      const place = drawn(checkpoint)[block];
      assert.equal(checkpoint.writtenBytes, place?.length, `way ${way}`);
    }
  }
  pair.create();
  const created = checkpoints.begin();
  assert.equal(drawn(created)[2]?.length, created.writtenBytes);
});

test('a checkpoint without accounts is empty', () => {
  const { pair, checkpoints } = worldOf(3, 0);
  assert.deepEqual(drawn(checkpoints.begin()), []);
  assert.deepEqual(checkpoints.files(), new Set());
  pair.create();
  assert.equal(drawn(checkpoints.begin()).length, 1);
});

for (const seed of [10, 11, 12, 13, 14, 15]) {
  test(`places restore what was there, whatever happens meanwhile, seed ${seed}`, () => {
    const world = worldOf(seed, 2 * perBlock + 50, [1, 500_000, undefined][seed % 3]);
    const { pair, parts, checkpoints } = world;
    const { prng, store } = pair;
    let kept: ReadonlySet<number> = new Set();
    let [whole, early, nothing] = [0, 0, 0];
    for (let round = 0; round < 15; round++) {
      const area = prng.pick([1, perBlock, 2 * perBlock, pair.expected.length]);
      const writeSome = (): void => {
        for (let i = prng.pick([0, 0, 3, 300]); i > 0; i--) pair.write(prng.below(area));
        for (let i = prng.pick([0, 0, 0, 5, 900]); i > 0; i--) pair.create();
        parts.retain(new Set([...kept, ...checkpoints.files()]));
      };
      const isWhole = prng.chance(0.3);
      const expected = [...pair.expected];
      // A whole snapshot beside it has no part in what is changed.
      const beside = prng.chance(0.4)
        ? new AccountBlockWriter(store.chunks, store.openSnapshot())
        : null;
      const checkpoint = checkpoints.begin();
      if (isWhole || prng.chance(0.5)) {
        const places = drawn(checkpoint, writeSome);
        checkPlaces(world, places, expected);
        assert.deepEqual(checkpoint.files, new Set(places.map(({ file }) => file)));
        kept = checkpoint.files;
        whole++;
        if (checkpoint.writtenBytes === 0) nothing++;
      } else {
        for (let i = prng.below(checkpoint.blocks + 1); i > 0; i--) {
          checkpoint.next();
          writeSome();
        }
        checkpoint.return();
        assert.deepEqual(checkpoint.next(), { done: true, value: undefined });
        early++;
      }
      parts.retain(new Set([...kept, ...checkpoints.files()]));
      if (beside !== null) {
        const other = new AccountStore();
        const reader = new AccountBlockReader(other, fail);
        for (let next = beside.next(); !next.done; next = beside.next()) {
          reader.block(next.value);
          writeSome();
        }
        assert.deepEqual(readAll(other), expected);
      }
      if (prng.chance(0.5)) writeSome();
    }
    assert.deepEqual(readAll(store), pair.expected);
    assert.ok(whole > 2 && early > 2 && nothing < whole, `${whole} ${early} ${nothing}`);
  });
}

test('what was drawn before an early end, and not written to since, is not drawn again', () => {
  const world = worldOf(4, 4 * perBlock);
  const { pair, checkpoints } = world;
  const early = checkpoints.begin();
  const drawnEarly = [early.next().value, early.next().value, early.next().value];
  pair.write(perBlock);
  early.return();
  const checkpoint = checkpoints.begin();
  const places = drawn(checkpoint);
  assert.equal(places[0], drawnEarly[0]);
  assert.notEqual(places[1], drawnEarly[1]);
  assert.equal(places[2], drawnEarly[2]);
  assert.equal(checkpoint.writtenBytes, (places[1]?.length ?? 0) + (places[3]?.length ?? 0));
  checkPlaces(world, places, pair.expected);
});

test('what is written to while a checkpoint is drawn is part of the next one', () => {
  const { pair, checkpoints } = worldOf(5, 3 * perBlock);
  drawn(checkpoints.begin());
  pair.write(2 * perBlock);
  const checkpoint = checkpoints.begin();
  for (let i = 0; i < 500; i++) pair.write(pair.prng.below(perBlock));
  const next = drawn(checkpoint);
  assert.equal(checkpoint.writtenBytes, next[2]?.length);
  const places = drawn(checkpoints.begin());
  assert.notEqual(places[0], next[0]);
  assert.deepEqual(places.slice(1), next.slice(1));
});

test('one checkpoint is made at a time', () => {
  const { checkpoints } = worldOf(6, 10);
  const checkpoint = checkpoints.begin();
  assert.throws(() => checkpoints.begin(), /at a time/);
  checkpoint.return();
  drawn(checkpoints.begin());
  drawn(checkpoints.begin());
});

test('what was restored is known, and only what is written to afterwards is stored', () => {
  const world = worldOf(7, 2 * perBlock + 30);
  const { parts } = world;
  const before = drawn(world.checkpoints.begin());
  const store = restored(parts, before);
  const checkpoints = new AccountCheckpoints(store, parts);
  for (const [block, place] of before.entries()) checkpoints.restored(block, place);
  assert.deepEqual(checkpoints.files(), new Set(before.map(({ file }) => file)));
  assert.throws(() => checkpoints.restored(3, before[0] as PartPlace), /restored/);
  const unchanged = checkpoints.begin();
  assert.deepEqual(drawn(unchanged), before);
  assert.equal(unchanged.writtenBytes, 0);
  store.setBalance(0, 0, 2n ** 64n);
  const changed = checkpoints.begin();
  const places = drawn(changed);
  assert.equal(changed.writtenBytes, places[0]?.length);
  assert.deepEqual(readAll(restored(parts, places)), readAll(store));
});

test('accounts that came from elsewhere begin a file of their own', () => {
  const world = worldOf(8, 20);
  const first = drawn(world.checkpoints.begin());
  const store = restored(world.parts, first);
  const checkpoints = new AccountCheckpoints(store, world.parts);
  assert.deepEqual(checkpoints.files(), new Set());
  const places = drawn(checkpoints.begin());
  assert.notEqual(places[0]?.file, first[0]?.file);
});

test('a part that cannot be put in leaves the rest for the next checkpoint', () => {
  const world = worldOf(9, 3 * perBlock);
  const { pair, parts, checkpoints } = world;
  const checkpoint = checkpoints.begin();
  checkpoint.next();
  const add = parts.add;
  parts.add = () => {
    throw new Error('the disk is full');
  };
  assert.throws(() => checkpoint.next(), /full/);
  checkpoint.return();
  parts.add = add;
  checkPlaces(world, drawn(checkpoints.begin()), pair.expected);
});

test('where all blocks change, each checkpoint has a file, and the ones before can go', () => {
  const world = worldOf(20, 2 * perBlock, 1);
  const { pair, parts, checkpoints } = world;
  for (let round = 0; round < 4; round++) {
    for (const slot of [0, perBlock]) pair.write(slot);
    const checkpoint = checkpoints.begin();
    const places = drawn(checkpoint);
    assert.equal(checkpoint.files.size, 1);
    parts.retain(checkpoint.files);
    assert.deepEqual(parts.files, [...checkpoint.files]);
    checkPlaces(world, places, pair.expected);
  }
  assert.deepEqual(parts.files, [4]);
});

test('where one block changes, the others are stored again once half the file is useless', () => {
  const world = worldOf(21, 4 * perBlock, 1);
  const { pair, parts, checkpoints } = world;
  const all = drawn(checkpoints.begin()).reduce((sum, { length }) => sum + length, 0);
  const written: number[] = [];
  let before: ReadonlySet<number> = new Set();
  for (let round = 0; round < 12; round++) {
    pair.write(perBlock * (round % 4));
    const checkpoint = checkpoints.begin();
    const files = new Set([...before, ...checkpoints.files()]);
    // A checkpoint that is not done yet: the one before is what a node begins from.
    parts.retain(files);
    const places = drawn(checkpoint);
    parts.retain(checkpoint.files);
    assert.equal(parts.files.length, 1);
    before = checkpoint.files;
    checkPlaces(world, places, pair.expected);
    written.push(checkpoint.writtenBytes / all);
  }
  const whole = written.filter((share) => share > 0.9);
  assert.ok(whole.length >= 2 && whole.length <= 3, written.join(' '));
  assert.ok(written.every((share) => share > 0.9 || share < 0.35));
});

test('files that a checkpoint under way has drawn into stay, whatever is written to since', () => {
  const world = worldOf(23, 3 * perBlock, 1);
  const { pair, parts, checkpoints } = world;
  drawn(checkpoints.begin());
  for (const slot of [0, perBlock, 2 * perBlock]) pair.write(slot);
  const expected = [...pair.expected];
  const places = drawn(checkpoints.begin(), () => {
    for (const slot of [0, perBlock, 2 * perBlock]) pair.write(slot);
    parts.retain(checkpoints.files());
  });
  checkPlaces(world, places, expected);
});

test('files with little in them go on', () => {
  const world = worldOf(22, 10);
  for (let round = 0; round < 50; round++) {
    world.pair.write(3);
    checkPlaces(world, drawn(world.checkpoints.begin()), world.pair.expected);
  }
  assert.equal(world.parts.files.length, 1);
});

test('accounts of transfers, plain or not, are part of the next checkpoint', () => {
  const books = new Books();
  const { accounts } = books.state;
  const id = new Uint32Array(4);
  for (let slot = 0; slot < 4 * perBlock; slot++) {
    id[0] = slot + 1;
    accounts.create(id, 0, 1, 1, 0, slot, 0);
  }
  const parts = new MemoryParts();
  const checkpoints = new AccountCheckpoints(accounts, parts);
  let places = drawn(checkpoints.begin());
  for (const [batch, flags] of [0, TransferFlag.pending, TransferFlag.linked, 0].entries()) {
    const builder = new TransferBatchBuilder();
    for (let i = 0; i < 10; i++) {
      const [debit, credit] = [3 + i, 2 * perBlock + 3 + i];
      // The last one closes the chain, where there is one.
      builder.addNumbers(0, 1 + batch * 10 + i, debit, credit, 5, 1, 1, i === 9 ? 0 : flags);
    }
    const beside = checkpoints.begin();
    const { failures } = books.createTransfers(builder.encode(), 1_000_000 * (batch + 1));
    assert.equal(failures, 0);
    assert.deepEqual(drawn(beside), places);
    const next = drawn(checkpoints.begin());
    const isSame = next.map((place, block) => place === places[block]);
    assert.deepEqual(isSame, [false, true, false, true]);
    assert.deepEqual(readAll(restored(parts, next)), readAll(accounts));
    places = next;
  }
});
