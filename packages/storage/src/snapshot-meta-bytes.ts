import type { Configuration, NodeId, SnapshotMeta } from '@quorate/schema';
import {
  decodeConfiguration,
  encodeConfiguration,
  majorityConfiguration,
  maxConfigurationIds,
  SchemaError,
} from '@quorate/schema';
import { assertStorable, getSafeInteger, putSafeInteger } from './fixed-integers.ts';

/**
 * A snapshot's meta as bytes, in the log and in snapshot files alike. Little-endian:
 *
 *    0 u64 index, 8 u64 term, 16 u64 timestampMicros
 *   24 u32 form of what follows: 2 = a `Configuration` message (schema/proto/quorate/peer.proto),
 *      3 = the same, and the state is withheld
 *
 * Version 0.1.0 wrote, and this one still reads:
 *
 *   24 u32 0 or 1 = autoLeave
 *   28 u32 counts of voters, votersOutgoing, learners, learnersNext, 4 bytes each
 *   44 u64 each node id, in that order
 */
const fixedBytes = 28;
const messageForm = 2;
const withheldForm = 3;
const countsBytes = 16;

/**
 * Every segment begins with the meta of every group, measured and then written: a configuration,
 * which nobody changes, is encoded once.
 */
const encoded = new WeakMap<Configuration, Uint8Array>();

function configurationBytes(configuration: Configuration): Uint8Array {
  let bytes = encoded.get(configuration);
  if (bytes === undefined) {
    bytes = encodeConfiguration(configuration);
    encoded.set(configuration, bytes);
  }
  return bytes;
}

export function snapshotMetaBytes(meta: SnapshotMeta): number {
  return fixedBytes + configurationBytes(meta.configuration).length;
}

/** @throws AssertionFailed for a meta that could not be read back */
export function assertStorableMeta(meta: SnapshotMeta): void {
  for (const value of [meta.index, meta.term, meta.timestampMicros]) assertStorable(value);
  configurationBytes(meta.configuration);
}

/** @returns the offset behind the last byte written */
export function putSnapshotMeta(view: DataView, offset: number, meta: SnapshotMeta): number {
  putSafeInteger(view, offset, meta.index);
  putSafeInteger(view, offset + 8, meta.term);
  putSafeInteger(view, offset + 16, meta.timestampMicros);
  view.setUint32(offset + 24, meta.withheld ? withheldForm : messageForm, true);
  const bytes = configurationBytes(meta.configuration);
  new Uint8Array(view.buffer, view.byteOffset + offset + fixedBytes, bytes.length).set(bytes);
  return offset + fixedBytes + bytes.length;
}

/** @returns null unless exactly the bytes from `offset` to `end` are a snapshot's meta */
export function getSnapshotMeta(view: DataView, offset: number, end: number): SnapshotMeta | null {
  if (end - offset < fixedBytes) return null;
  const index = getSafeInteger(view, offset);
  const term = getSafeInteger(view, offset + 8);
  const timestampMicros = getSafeInteger(view, offset + 16);
  const form = view.getUint32(offset + 24, true);
  if (index < 0 || term < 0 || timestampMicros < 0 || form > withheldForm) return null;
  const configuration =
    form >= messageForm
      ? getMessage(view, offset + fixedBytes, end)
      : getLists(view, offset + fixedBytes, end, form === 1);
  const withheld = form === withheldForm;
  return configuration && { index, term, timestampMicros, configuration, withheld };
}

function getMessage(view: DataView, offset: number, end: number): Configuration | null {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, end - offset);
  try {
    return decodeConfiguration(bytes);
  } catch (error) {
    if (error instanceof SchemaError) return null;
    throw error;
  }
}

function getLists(
  view: DataView,
  offset: number,
  end: number,
  autoLeave: boolean,
): Configuration | null {
  if (end - offset < countsBytes) return null;
  let position = offset + countsBytes;
  const found: NodeId[][] = [];
  for (let list = 0; list < 4; list++) {
    const count = view.getUint32(offset + list * 4, true);
    if (count > maxConfigurationIds || position + count * 8 > end) return null;
    const nodes: NodeId[] = [];
    for (let i = 0; i < count; i++, position += 8) nodes.push(getSafeInteger(view, position));
    if (nodes.some((id, at) => id <= (nodes[at - 1] ?? 0))) return null;
    found.push(nodes);
  }
  const [voters = [], votersOutgoing = [], learners = [], learnersNext = []] = found;
  if (position !== end) return null;
  return {
    ...majorityConfiguration(voters, learners),
    votersOutgoing,
    learnersNext,
    autoLeave,
  };
}
