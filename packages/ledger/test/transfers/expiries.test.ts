import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { Expiries } from '../../src/transfers/expiries.ts';

test('what expires comes by moment, then by position', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = new Prng(seed);
    const expiries = new Expiries();
    const wanted: (readonly [micros: number, nanos: number, position: number])[] = [];
    for (let position = 0; position < 400; position++) {
      const moment = [1e15 + prng.below(20), prng.below(4), position] as const;
      wanted.push(moment);
      expiries.add(...moment);
      if (!prng.chance(0.3)) continue;
      wanted.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
      assert.equal(expiries.firstPosition, wanted.shift()?.[2]);
      expiries.removeFirst();
    }
    wanted.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    for (const [micros, nanos, position] of wanted) {
      assert.deepEqual(
        [expiries.firstMicros, expiries.firstNanos, expiries.firstPosition],
        [micros, nanos, position],
      );
      expiries.removeFirst();
    }
    assert.equal(expiries.count, 0);
    assert.equal(expiries.firstMicros, Number.POSITIVE_INFINITY);
  }
});

test('what is due by a moment is found without being taken out', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const prng = new Prng(seed);
    const expiries = new Expiries();
    const micros = Array.from({ length: prng.below(200) }, () => 1e15 + prng.below(50));
    for (const [position, moment] of micros.entries()) expiries.add(moment, 0, position);
    for (const until of [1e15 - 1, 1e15 + prng.below(50), 1e15 + 50]) {
      const due = [...micros.keys()].filter((position) => (micros[position] as number) <= until);
      const found = [...expiries.dueBy(until, 1000)].sort((a, b) => a - b);
      assert.deepEqual(found, due, `seed ${seed}`);
      assert.equal(expiries.dueBy(until, 3).length, Math.min(3, due.length));
    }
    assert.equal(expiries.count, micros.length);
  }
});
