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
      const value = randomValue(prng);
      const passing = value.slice();
      const resident = store(arena, passing);
      passing.fill(0);
      kept.push({ resident, value });
    } else {
      const [gone] = kept.splice(prng.below(kept.length), 1);
      if (gone !== undefined) arena.free(gone.resident);
    }
  }
  for (const { resident, value } of kept) assert.deepEqual(valueBytes(resident), value);
});

function store(arena: ValueArena, value: Uint8Array): Resident {
  const resident: Resident = { slab: NO_SLAB, offset: 0, length: 0 };
  arena.store(resident, value);
  return resident;
}

function heldBytes(residents: readonly Resident[]): number {
  const slabs = new Set<Slab>(residents.map((resident) => resident.slab));
  let held = 0;
  for (const slab of slabs) held += slab.bytes.length;
  return held;
}

test('a few values that outlive all others do not hold much more memory than their own', () => {
  const value = new Uint8Array(200).fill(1);
  for (const freed of ['at once', 'later'] as const) {
    const arena = new ValueArena();
    const survivors: Resident[] = [];
    const doomed: Resident[] = [];
    for (let i = 0; i < 20_000; i++) {
      const resident = store(arena, value);
      if (i % 100 === 0) survivors.push(resident);
      else if (freed === 'at once') arena.free(resident);
      else doomed.push(resident);
    }
    for (const resident of doomed) arena.free(resident);
    const alive = survivors.length * value.length;
    assert.ok(heldBytes(survivors) <= 4 * alive + 2 * 64 * 1024, freed);
    for (const resident of survivors) assert.deepEqual(valueBytes(resident), value);
  }
});
