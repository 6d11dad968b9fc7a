import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { hashUint128 } from '../../../src/numbers/uint128.ts';
import { idsTogether } from '../../../src/transfers/id-runs/hash-ids.ts';
import { SeenIds } from '../../../src/transfers/id-runs/seen-ids.ts';
import { drawId, lanesOf } from './ids-on-disk.ts';

const seed = 7;
type Lanes = ReturnType<typeof lanesOf>;

function mayHold(seen: SeenIds, lanes: Lanes): boolean {
  return seen.mayHold(...lanes, hashUint128(...lanes, seed));
}

test('ids that were added are seen, however often the filter had to grow', () => {
  const prng = new Prng(1);
  const seen = new SeenIds(seed, 1, 1);
  const ids: Lanes[] = [];
  assert.ok(!mayHold(seen, [1, 2, 3, 4]));
  for (let count = 0; count < 20_000; count++) {
    const lanes = lanesOf(drawId(prng, prng.below(4)));
    seen.add(...lanes, hashUint128(...lanes, seed));
    ids.push(lanes);
    // What is prepared takes nothing out, and is prepared once.
    if (prng.chance(0.1)) seen.prepare();
  }
  for (const lanes of ids) assert.ok(mayHold(seen, lanes));
});

test('few other ids seem to be there when the filter is full, in whatever they differ', () => {
  const prng = new Prng(2);
  const ways: ((at: number) => Lanes)[] = [
    () => [prng.uint32() | 0, prng.uint32() | 0, prng.uint32() | 0, prng.uint32() | 0],
    (at) => [at, 0, 0, 0],
    (at) => [5, at << 7, 5, 5],
    (at) => [0, 0, at << 12, 0],
    (at) => [1, 2, 3, at],
  ];
  for (const [way, draw] of ways.entries()) {
    const count = 65_536;
    const seen = new SeenIds(seed, count, 1);
    for (let at = 0; at < count; at++) {
      const lanes = draw(at);
      seen.add(...lanes, hashUint128(...lanes, seed));
    }
    let hits = 0;
    for (let at = count; at < 2 * count; at++) if (mayHold(seen, draw(at))) hits++;
    assert.ok(hits < count * 0.004, `${hits} false hits, way ${way}`);
  }
});

test('two ids with the same hash are nearly always told apart', () => {
  const prng = new Prng(3);
  let hits = 0;
  for (let round = 0; round < 2000; round++) {
    const seen = new SeenIds(seed, 1, 1);
    const draw = (): Lanes => lanesOf(drawId(prng, round % 4));
    seen.add(...draw(), round);
    if (seen.mayHold(...draw(), round)) hits++;
  }
  assert.ok(hits < 10, `${hits} of 2000`);
});

test('many ids are marked as each one is by itself, and marks of others stay', () => {
  const prng = new Prng(4);
  const seen = new SeenIds(seed, 100, 300);
  const ids = Array.from({ length: 3000 }, () => lanesOf(drawId(prng, prng.below(4))));
  for (const [at, lanes] of ids.entries())
    if (at % 2 === 0) seen.add(...lanes, hashUint128(...lanes, seed));
  for (let from = 0; from < ids.length; from += idsTogether) {
    const some = ids.slice(from, from + idsTogether);
    const marks = new Uint8Array(idsTogether);
    marks[5] = 1;
    const hashes = Int32Array.from(some, (lanes) => hashUint128(...lanes, seed));
    seen.mark(Int32Array.from(some.flat()), hashes, some.length, marks);
    for (const [at, lanes] of some.entries())
      assert.equal(marks[at] === 1, at === 5 || mayHold(seen, lanes), `at ${from + at}`);
  }
});
