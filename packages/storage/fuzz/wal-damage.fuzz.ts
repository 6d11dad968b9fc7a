import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import { modelOf } from '../conformance/log-model.ts';
import { StorageError } from '../src/index.ts';
import { openLog } from '../test/wal-fixture.ts';
import { type History, historyOf, written } from './histories.ts';
import { packLog, unpackLog } from './wal-files.ts';

/*
 * An input is a byte that chooses a log, then damages of 7 bytes each: what is done, the segment,
 * where (u16), how much (u8), and two bytes to do it with.
 */

const damageBytes = 7;

/** Writes over bytes only: nothing that is left out can be told from what was never written. */
function damage(history: History, program: Uint8Array): { input: Uint8Array; isDamaged: boolean } {
  const copies = history.segments.map(({ bytes }) => bytes.slice());
  for (let at = 0; at + damageBytes <= program.length; at += damageBytes) {
    const [what = 0, which = 0, low = 0, high = 0, length = 0, value = 0, other = 0] =
      program.subarray(at, at + damageBytes);
    const segment = copies[which % copies.length] as Uint8Array;
    const from = (low + high * 256) % segment.length;
    const to = Math.min(segment.length, from + length + 1);
    const kind = what % 4;
    if (kind === 0) segment[from] = (segment[from] as number) ^ (1 << (value & 7));
    else if (kind === 1) segment.fill(value, from, to);
    else if (kind === 2) segment.copyWithin(from, other * 8, other * 8 + (to - from));
    else {
      // A write that went to another segment's place.
      const source = copies[other % copies.length] as Uint8Array;
      segment.set(source.subarray(from, Math.min(to, source.length)).subarray(0, to - from), from);
    }
  }
  const segments = history.segments.map(({ sequence }, at) => {
    return { sequence, bytes: copies[at] as Uint8Array };
  });
  const isDamaged = !isDeepStrictEqual(segments, history.segments);
  return { input: packLog(segments), isDamaged };
}

/** Whatever was damaged: what is recovered is what was durable after some batch, or nothing is. */
function run(input: Uint8Array) {
  const history = historyOf((input[0] ?? 0) % 48);
  const { input: packed, isDamaged } = damage(history, input.subarray(1));
  const world = unpackLog(packed);
  const last = history.states.length - 1;
  try {
    const found = written(modelOf(openLog(world, 1024).recovered));
    const state = history.states.findLastIndex((one) => isDeepStrictEqual(one, found));
    assert.ok(state >= 0, 'recovered what was never written');
    if (!isDamaged) assert.equal(state, last, 'an intact log was not recovered whole');
    const lost = last - state;
    return {
      accepted: true,
      behaviour: lost === 0 ? 'all' : lost === 1 ? 'one lost' : 'more lost',
    };
  } catch (error) {
    if (error instanceof StorageError) {
      assert.ok(isDamaged, 'an intact log was refused');
      const after = unpackLog(packed);
      for (const name of after.disk.blocking.list('data/wal')) {
        const path = `data/wal/${name}`;
        const now = world.disk.blocking.readFile(path);
        assert.deepEqual(now, after.disk.blocking.readFile(path), 'a refusal changed the disk');
      }
    }
    throw error;
  }
}

function generate(prng: Prng): Uint8Array {
  return Uint8Array.of(prng.below(48));
}

export const fuzzer = {
  about: 'a log that is known, damaged: recovered to what it was, or refused',
  maxBytes: 1 + damageBytes * 12,
  generate,
  run,
  isRefusal: (error: unknown) => error instanceof StorageError,
  allocation: { fixedBytes: 32 << 20, perInputByte: 0 },
};
