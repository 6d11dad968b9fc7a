import { Prng } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import { applyToModel, type LogModel, modelOf, randomWrite } from '../conformance/log-model.ts';
import { sequenceOf } from '../src/data-layout.ts';
import { VirtualWorld } from '../test/virtual-world.ts';
import { commit, openLog, segments } from '../test/wal-fixture.ts';

export interface Segment {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** A log that was written, and what it said after each of its batches. */
export interface History {
  /** The spare one is left out. */
  readonly segments: readonly Segment[];
  readonly states: readonly LogModel[];
}

const groups = [1, 2, 2 ** 45];
const kept = new Map<number, History>();

/** The same number gives the same log. */
export function historyOf(number: number): History {
  const known = kept.get(number);
  if (known !== undefined) return known;
  const history = writeHistory(number);
  kept.set(number, history);
  return history;
}

function writeHistory(number: number): History {
  const prng = new Prng(number);
  const world = new VirtualWorld(number);
  const segmentBytes = prng.pick([1024, 1024, 2048]);
  const log = openLog(world, segmentBytes);
  const model = modelOf(log.recovered);
  const states = [written(model)];
  for (let batches = prng.between(1, 14); batches > 0; batches--) {
    const writes: GroupWrite[] = [];
    for (const group of groups) {
      if (!prng.chance(0.6)) continue;
      const write = shortened(randomWrite(prng, model, group));
      applyToModel(model, write);
      writes.push(write);
    }
    commit(world, log, ...writes);
    states.push(written(model));
  }
  const names = segments(world).slice(0, -1);
  return {
    segments: names.map((name) => ({
      sequence: sequenceOf(name) ?? 0,
      bytes: world.disk.blocking.readFile(`data/wal/${name}`),
    })),
    states,
  };
}

/** The longest entries would make every input long, and show nothing. */
function shortened(write: GroupWrite): GroupWrite {
  const entries = write.entries.map((one) => ({ ...one, data: one.data.slice(0, 60) }));
  return { ...write, entries };
}

/** A copy without the groups of which nothing was ever written. */
export function written(model: LogModel): LogModel {
  const out: LogModel = new Map();
  for (const [group, state] of model) {
    const { hardState, logStart, snapshot, entries } = state;
    const isNew = snapshot === null && logStart.index === 0 && entries.length === 0;
    if (isNew && hardState.term === 0 && hardState.commitIndex === 0 && hardState.votedFor === 0) {
      continue;
    }
    out.set(group, { ...state, entries: [...entries] });
  }
  return out;
}
