import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { failedId, TransferIds, unusedId } from '../../src/transfers/transfer-ids.ts';

type Lanes = readonly [number, number, number, number];

function lanesOf(id: bigint): Lanes {
  const lane = (at: bigint): number => Number(BigInt.asIntN(32, id >> (32n * at)));
  return [lane(0n), lane(1n), lane(2n), lane(3n)];
}

/** Where lanes carry into the next one, and where not. */
const corners = [100n, 2n ** 32n, 2n ** 64n, 2n ** 96n, 2n ** 127n].map((corner) => corner - 40n);

/** What `TransferIds` should be: a map. */
class Reference {
  readonly ids = new TransferIds(5);
  readonly map = new Map<bigint, number>();
  readonly added: bigint[] = [];
  count = 0;

  run(first: bigint, count: number): void {
    for (let at = 0; at < count; at++) if (this.map.has(first + BigInt(at))) return;
    this.ids.addRun(...lanesOf(first), this.count, count);
    for (let at = 0; at < count; at++) this.#note(first + BigInt(at));
  }

  one(id: bigint): void {
    if (this.map.has(id)) return;
    this.ids.add(...lanesOf(id), this.count);
    this.#note(id);
  }

  fail(id: bigint): void {
    if (this.map.has(id)) return;
    this.ids.addFailed(...lanesOf(id));
    this.map.set(id, failedId);
    // What came before it is not taken back any more.
    this.added.length = 0;
  }

  undo(): void {
    const id = this.added.pop();
    if (id === undefined) return;
    this.ids.removeNewest(...lanesOf(id));
    this.map.delete(id);
    this.count--;
  }

  check(id: bigint): void {
    assert.equal(this.ids.find(...lanesOf(id)), this.map.get(id) ?? unusedId, `id ${id}`);
  }

  #note(id: bigint): void {
    this.map.set(id, this.count++);
    this.added.push(id);
  }
}

test('ids are found as in a map, in runs, by themselves, kept by failed ones, taken back', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const reference = new Reference();
    const near = (): bigint => {
      const corner = prng.pick(corners);
      return corner + BigInt(prng.below(5000)) * (prng.chance(0.5) ? 1n : 2n ** 70n);
    };
    let next = near();
    for (let step = 0; step < 1500; step++) {
      const kind = prng.below(10);
      if (kind < 3) reference.run(near(), 1 + prng.below(50));
      else if (kind < 6) reference.one(next++);
      else if (kind < 7) reference.one(near());
      else if (kind < 8) reference.fail(near());
      else if (kind < 9) next = near();
      else reference.undo();
      reference.check(near());
    }
    for (const id of reference.map.keys()) reference.check(id);
    for (let at = 0; at < 500; at++) reference.check(near());
  }
});

test('many runs in no order stay apart', () => {
  const prng = new Prng(9);
  const reference = new Reference();
  for (let at = 0; at < 4000; at++) reference.run(BigInt(prng.below(1_000_000)) * 100n + 1n, 60);
  for (const id of reference.map.keys()) reference.check(id);
  for (let at = 0; at < 5000; at++) reference.check(BigInt(prng.below(100_000_000)) + 1n);
});

test('a run is unused only if none of its ids is there', () => {
  const reference = new Reference();
  reference.run(2n ** 64n - 10n, 20);
  reference.one(500n);
  const areUnused = (first: bigint, count: number): boolean =>
    reference.ids.areUnused(...lanesOf(first), count);
  assert.equal(areUnused(2n ** 64n - 30n, 20), true);
  assert.equal(areUnused(2n ** 64n - 30n, 21), false);
  assert.equal(areUnused(2n ** 64n + 9n, 1), false);
  assert.equal(areUnused(2n ** 64n + 10n, 1000), true);
  assert.equal(areUnused(400n, 100), true);
  assert.equal(areUnused(400n, 101), false);
  assert.equal(areUnused(501n, 8190), true);
});

test('frozen runs are all that there are, and stay as they were', () => {
  const prng = new Prng(12);
  const reference = new Reference();
  const shown = (): string[] =>
    frozen.flatMap(({ lanes, positions, lengths, count }) =>
      Array.from({ length: count }, (_, run) =>
        [...lanes.subarray(run * 4, run * 4 + 4), positions[run], lengths[run]].join(' '),
      ),
    );
  let frozen = reference.ids.freezeRuns();
  for (let round = 0; round < 60; round++) {
    const before = shown();
    for (let at = 0; at < 40; at++) {
      const first = BigInt(prng.below(1_000_000)) * 100n + 1n;
      reference.run(first, 30);
      // Goes on with the run, and takes some of it back.
      reference.run(first + 30n, 5);
      if (prng.chance(0.3))
        for (let undone = prng.below(40); undone > 0; undone--) reference.undo();
    }
    assert.deepEqual(shown(), before);
    frozen = reference.ids.freezeRuns();
  }
  const again = new TransferIds(1);
  for (const { lanes, positions, lengths, count } of frozen)
    for (let run = 0; run < count; run++) {
      const [l0 = 0, l1 = 0, l2 = 0, l3 = 0] = lanes.subarray(run * 4, run * 4 + 4);
      again.addRun(l0 | 0, l1 | 0, l2 | 0, l3 | 0, positions[run] ?? 0, lengths[run] ?? 0);
    }
  for (const [id, position] of reference.map) assert.equal(again.find(...lanesOf(id)), position);
  assert.equal(again.count, reference.map.size);
});
