import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Prng } from '@quorate/base';
import { EntryKind } from '@quorate/schema';
import { applyToModel, type LogModel, lastIndexOf, modelOf } from '../conformance/log-model.ts';
import { StorageError } from '../src/index.ts';
import { commit, entry, openLog, write } from '../test/wal-fixture.ts';
import { historyOf } from './histories.ts';
import { packLog, sealLog, unpackLog } from './wal-files.ts';

const segmentBytes = 1024;
const kinds: ReadonlySet<number> = new Set(Object.values(EntryKind));

/** What the rest of the program may rest on, whatever the directory held. */
function checkShape(model: LogModel): void {
  for (const { logStart, entries, snapshot } of model.values()) {
    let last = logStart.index;
    for (const { index, kind } of entries) {
      assert.equal(index, last + 1, 'entries have a gap');
      assert.ok(kinds.has(kind), 'an entry of a kind that is not known');
      last = index;
    }
    assert.ok(Number.isSafeInteger(last), 'an index is not a safe integer');
    if (snapshot === null) continue;
    for (const ids of [snapshot.configuration.voters, snapshot.configuration.learners]) {
      for (const [at, id] of ids.entries()) assert.ok(id > (ids[at - 1] ?? 0), 'ids descend');
    }
  }
}

/** What fails here was accepted before: that is a finding, whatever the error's class. */
function again<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

/** A directory that was recovered is as good as any: it takes writes, and gives them back. */
function run(input: Uint8Array) {
  const world = unpackLog(input);
  const first = openLog(world, segmentBytes);
  const model = modelOf(first.recovered);
  checkShape(model);
  const groups = model.size === 1 ? 'one group' : `${model.size > 1 ? 'several' : 'no'} groups`;
  world.kill();
  const log = again('recovered once, then refused', () => openLog(world, segmentBytes));
  assert.ok(isDeepStrictEqual(modelOf(log.recovered), model), 'recovered twice, found another log');
  const [group = 1] = model.keys();
  const state = model.get(group);
  const next = state === undefined ? 1 : lastIndexOf(state) + 1;
  const term = state?.hardState.term ?? 1;
  if (Number.isSafeInteger(next)) {
    const more = write(group, { entries: [entry(next, term, 'more')] });
    again('recovered, it takes no write', () => commit(world, log, more));
    applyToModel(model, more);
  }
  world.crash();
  const last = again('refused after a write', () => openLog(world, segmentBytes));
  assert.ok(
    isDeepStrictEqual(modelOf(last.recovered), model),
    'a write after recovery is not there',
  );
  return { accepted: true, behaviour: groups + (world.warnings.length > 0 ? ', torn' : '') };
}

export const fuzzer = {
  about: 'a data directory with any log in it',
  maxBytes: 16_384,
  generate: (prng: Prng) => packLog(historyOf(prng.below(48)).segments),
  run,
  isRefusal: (error: unknown) => error instanceof StorageError,
  seal: sealLog,
  allocation: { fixedBytes: 16 << 20, perInputByte: 2048 },
};
