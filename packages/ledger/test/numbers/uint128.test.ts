import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import {
  equalUint128,
  hashUint128,
  isMaxUint128,
  isZeroUint128,
  readUint128,
  writeUint128,
} from '../../src/numbers/uint128.ts';

const most = 2n ** 128n - 1n;

/** Many that are near the ends of lanes. */
function drawn(prng: Prng): bigint {
  let value = 0n;
  for (let lane = 0; lane < 4; lane++) {
    const bits = prng.pick([0, 1, 0xffff_fffe, 0xffff_ffff, prng.uint32(), prng.uint32()]);
    value = (value << 32n) | BigInt(bits);
  }
  return value;
}

function bitsSet(value: number): number {
  let bits = 0;
  for (let rest = value >>> 0; rest !== 0; rest >>>= 1) bits += rest & 1;
  return bits;
}

test('lanes hold the number that was written, the low lane first, and touch no other', () => {
  const prng = new Prng(1);
  const lanes = new Uint32Array(6).fill(7);
  for (const value of [0n, most, ...Array.from({ length: 500 }, () => drawn(prng))]) {
    writeUint128(lanes, 1, value);
    assert.equal(readUint128(lanes, 1), value);
    assert.equal(BigInt(lanes[1] ?? -1), value & 0xffff_ffffn);
    assert.deepEqual([lanes[0], lanes[5]], [7, 7]);
    assert.equal(isZeroUint128(lanes, 1), value === 0n);
    assert.equal(isMaxUint128(lanes, 1), value === most);
  }
  assert.throws(() => writeUint128(lanes, 0, -1n), /128 bits/);
  assert.throws(() => writeUint128(lanes, 0, most + 1n), /128 bits/);
});

test('a number with one bit is not zero, and one that lacks one is not the largest', () => {
  const lanes = new Uint32Array(4);
  for (let bit = 0n; bit < 128n; bit++) {
    writeUint128(lanes, 0, 1n << bit);
    assert.equal(isZeroUint128(lanes, 0), false);
    writeUint128(lanes, 0, most - (1n << bit));
    assert.equal(isMaxUint128(lanes, 0), false);
  }
});

test('numbers are equal when their bigints are', () => {
  const prng = new Prng(2);
  const lanes = new Uint32Array(9);
  for (let run = 0; run < 2000; run++) {
    const first = drawn(prng);
    const second = prng.chance(0.2) ? first : first ^ (1n << BigInt(prng.below(128)));
    writeUint128(lanes, 0, first);
    writeUint128(lanes, 5, second);
    assert.equal(equalUint128(lanes, 0, lanes, 5), first === second);
  }
});

test('each bit of a number turns about half of the bits of its hash', () => {
  const prng = new Prng(4);
  const runs = 400;
  for (let bit = 0; bit < 128; bit++) {
    let turned = 0;
    const counts = new Array<number>(32).fill(0);
    for (let run = 0; run < runs; run++) {
      const lanes = [prng.uint32(), prng.uint32(), prng.uint32(), prng.uint32()] as const;
      const other = [...lanes] as [number, number, number, number];
      const lane = bit >> 5;
      other[lane] = ((other[lane] ?? 0) ^ (1 << (bit & 31))) >>> 0;
      const difference = hashUint128(...lanes, 9) ^ hashUint128(...other, 9);
      turned += bitsSet(difference);
      for (let i = 0; i < 32; i++) counts[i] = (counts[i] ?? 0) + ((difference >>> i) & 1);
    }
    assert.ok(Math.abs(turned / runs - 16) < 1, `bit ${bit} turns ${turned / runs}`);
    for (const [i, count] of counts.entries()) {
      assert.ok(count > runs * 0.3 && count < runs * 0.7, `bit ${bit} turns bit ${i}: ${count}`);
    }
  }
});

test('a hash is the same for signed and unsigned lanes, differs by seed, and never changes', () => {
  assert.equal(hashUint128(-1, -2, -3, -4, 5), hashUint128(2 ** 32 - 1, 2 ** 32 - 2, -3, -4, 5));
  assert.notEqual(hashUint128(1, 2, 3, 4, 0), hashUint128(1, 2, 3, 4, 1));
  assert.equal(hashUint128(1, 2, 3, 4, 0), -1615164429);
});

test('numbers in a row hash as evenly as random ones', () => {
  for (const lane of [0, 1, 2, 3]) {
    const buckets = new Uint32Array(256);
    const low = new Uint32Array(256);
    for (let i = 0; i < 256 * 64; i++) {
      const lanes: [number, number, number, number] = [0, 0, 0, 0];
      lanes[lane] = i;
      const hash = hashUint128(...lanes, 0);
      buckets[hash >>> 24] = (buckets[hash >>> 24] ?? 0) + 1;
      low[hash & 255] = (low[hash & 255] ?? 0) + 1;
    }
    for (const counts of [buckets, low]) {
      const squares = counts.reduce((sum, count) => sum + (count - 64) ** 2 / 64, 0);
      assert.ok(squares < 400, `lane ${lane}: chi squared is ${squares}`);
    }
  }
});
