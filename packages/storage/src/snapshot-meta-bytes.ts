import { assert } from '@quorate/base';
import type { Configuration, NodeId, SnapshotMeta } from '@quorate/schema';
import { assertStorable, getSafeInteger, putSafeInteger } from './fixed-integers.ts';

/**
 * A snapshot's meta as bytes, in the log and in snapshot files alike. Little-endian:
 *
 *    0 u64 index, 8 u64 term, 16 u64 timestampMicros
 *   24 u32 flags: 1 = autoLeave
 *   28 u32 counts of voters, votersOutgoing, learners, learnersNext, 4 bytes each
 *   44 u64 each node id, in that order
 */
const fixedBytes = 44;
/** More nodes than that in one list is damage, not a configuration. */
const maxNodes = 4096;

function lists(configuration: Configuration): readonly (readonly NodeId[])[] {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  return [voters, votersOutgoing, learners, learnersNext];
}

export function snapshotMetaBytes(meta: SnapshotMeta): number {
  let nodes = 0;
  for (const list of lists(meta.configuration)) nodes += list.length;
  return fixedBytes + nodes * 8;
}

/** @throws AssertionFailed for a meta that could not be read back */
export function assertStorableMeta(meta: SnapshotMeta): void {
  for (const value of [meta.index, meta.term, meta.timestampMicros]) assertStorable(value);
  for (const list of lists(meta.configuration)) {
    assert(list.length <= maxNodes, 'a configuration has at most 4096 nodes of a kind');
    for (const node of list) assertStorable(node);
  }
}

/** @returns the offset behind the last byte written */
export function putSnapshotMeta(view: DataView, offset: number, meta: SnapshotMeta): number {
  putSafeInteger(view, offset, meta.index);
  putSafeInteger(view, offset + 8, meta.term);
  putSafeInteger(view, offset + 16, meta.timestampMicros);
  view.setUint32(offset + 24, meta.configuration.autoLeave ? 1 : 0, true);
  let count = offset + 28;
  let position = offset + fixedBytes;
  for (const list of lists(meta.configuration)) {
    view.setUint32(count, list.length, true);
    count += 4;
    for (const node of list) {
      putSafeInteger(view, position, node);
      position += 8;
    }
  }
  return position;
}

/** @returns null unless exactly the bytes from `offset` to `end` are a snapshot's meta */
export function getSnapshotMeta(view: DataView, offset: number, end: number): SnapshotMeta | null {
  if (end - offset < fixedBytes) return null;
  const index = getSafeInteger(view, offset);
  const term = getSafeInteger(view, offset + 8);
  const timestampMicros = getSafeInteger(view, offset + 16);
  const flags = view.getUint32(offset + 24, true);
  if (index < 0 || term < 0 || timestampMicros < 0 || flags > 1) return null;
  let position = offset + fixedBytes;
  const found: NodeId[][] = [];
  for (let list = 0; list < 4; list++) {
    const count = view.getUint32(offset + 28 + list * 4, true);
    if (count > maxNodes || position + count * 8 > end) return null;
    const nodes: NodeId[] = [];
    for (let i = 0; i < count; i++, position += 8) nodes.push(getSafeInteger(view, position));
    if (nodes.includes(-1)) return null;
    found.push(nodes);
  }
  const [voters = [], votersOutgoing = [], learners = [], learnersNext = []] = found;
  if (position !== end) return null;
  const autoLeave = flags === 1;
  const configuration = { voters, votersOutgoing, learners, learnersNext, autoLeave };
  return { index, term, timestampMicros, configuration };
}
