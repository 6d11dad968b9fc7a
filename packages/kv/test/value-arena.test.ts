import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { NO_SLAB, type Resident, type Slab, ValueArena, valueBytes } from '../src/value-arena.ts';

interface Kept {
  readonly resident: Resident;
  readonly value: Uint8Array;
}

function randomValue(prng: Prng): Uint8Array {
  const length = prng.chance(0.05) ? prng.below(9000) : prng.below(600);
  return Uint8Array.from({ length }, () => prng.below(256));
}

test('values stay what they are while others come, go and are moved', () => {
  const prng = new Prng(3);
  const arena = new ValueArena();
  const kept: Kept[] = [];
  for (let step = 0; step < 6000; step++) {
    if (kept.length < 100 || prng.chance(step < 3000 ? 0.6 : 0.45)) {
      const resident: Resident = { slab: NO_SLAB, offset: 0, length: 0 };
      const value = randomValue(prng);
      const passing = value.slice();
      arena.store(resident, passing);
      passing.fill(0);
      kept.push({ resident, value });
    } else {
      const [gone] = kept.splice(prng.below(kept.length), 1);
      if (gone !== undefined) arena.free(gone.resident);
    }
  }
  for (const { resident, value } of kept) assert.deepEqual(valueBytes(resident), value);
});

test('a few values that outlive all others do not hold much more memory than their own', () => {
  const arena = new ValueArena();
  const value = new Uint8Array(200).fill(1);
  const survivors: Resident[] = [];
  for (let i = 0; i < 20_000; i++) {
    const resident: Resident = { slab: NO_SLAB, offset: 0, length: 0 };
    arena.store(resident, value);
    if (i % 100 === 0) survivors.push(resident);
    else arena.free(resident);
  }
  const slabs = new Set<Slab>(survivors.map((resident) => resident.slab));
  let held = 0;
  for (const slab of slabs) held += slab.bytes.length;
  const alive = survivors.length * value.length;
  assert.ok(held <= 4 * alive + 2 * 64 * 1024, `${held} bytes for ${alive}`);
  for (const resident of survivors) assert.deepEqual(valueBytes(resident), value);
});
