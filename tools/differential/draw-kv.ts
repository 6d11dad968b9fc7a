import type { Prng } from '@quorate/base';
import type { etcd, Init } from '@quorate/schema';
import type { Drawer } from './drawer.ts';

export function drawRange(draw: Drawer): Init<etcd.RangeRequest> {
  const { prng } = draw;
  const isSorted = prng.chance(0.4);
  const sortTarget = isSorted ? drawTarget(prng) : 0;
  const sortOrder = isSorted ? (prng.chance(0.995) ? prng.below(3) : prng.pick([3, -1])) : 0;
  return {
    ...draw.range(),
    limit: prng.chance(0.6) ? 0 : prng.pick([1, 2, 3, 5, 100, -1]),
    revision: prng.chance(0.6) ? 0 : draw.revision(),
    sortOrder,
    sortTarget,
    serializable: prng.chance(0.3),
    keysOnly: prng.chance(0.15),
    countOnly: prng.chance(0.1),
    minModRevision: draw.bound(),
    maxModRevision: draw.bound(),
    minCreateRevision: draw.bound(),
    maxCreateRevision: draw.bound(),
  };
}

/** One that is not known ends etcd 3.4 on the spot. */
function drawTarget(prng: Prng): number {
  return prng.chance(0.9985) ? prng.below(5) : prng.pick([5, -1]);
}

export function drawPut(draw: Drawer): Init<etcd.PutRequest> {
  const { prng } = draw;
  const ignoreValue = prng.chance(0.08);
  const ignoreLease = prng.chance(0.08);
  const isWithLease = prng.chance(ignoreLease ? 0.1 : 0.2);
  return {
    key: draw.key(),
    value: ignoreValue && prng.chance(0.85) ? new Uint8Array(0) : draw.value(),
    lease: isWithLease ? draw.lease() : 0n,
    prevKv: prng.chance(0.4),
    ignoreValue,
    ignoreLease,
  };
}

export function drawDeleteRange(draw: Drawer): Init<etcd.DeleteRangeRequest> {
  const { prng } = draw;
  const key = draw.key();
  // Of whole ranges seldom, else there would be nothing to read.
  const rangeEnd = prng.chance(0.75) ? new Uint8Array(0) : draw.rangeEnd(key);
  return { key, rangeEnd, prevKv: prng.chance(0.4) };
}

export function drawCompaction(draw: Drawer): Init<etcd.CompactionRequest> {
  const { prng, state } = draw;
  const revision = prng.chance(0.7) ? state.head - prng.below(60) : draw.revision();
  return { revision, physical: prng.chance(0.3) };
}

export function drawTxn(draw: Drawer, depth = 0): Init<etcd.TxnRequest> {
  const { prng } = draw;
  if (depth === 0 && prng.chance(0.01)) return drawLongTxn(draw);
  return {
    compare: many(prng.pick([0, 1, 1, 1, 2, 3]), () => drawCompare(draw)),
    success: many(prng.pick([0, 1, 1, 2, 3]), () => drawOperation(draw, depth)),
    failure: many(prng.pick([0, 0, 1, 1, 2]), () => drawOperation(draw, depth)),
  };
}

/** About as long as is allowed, flat or in two levels. */
function drawLongTxn(draw: Drawer): Init<etcd.TxnRequest> {
  const { prng } = draw;
  const range = (): Init<etcd.RequestOp> => ({ requestRange: { key: draw.key(), limit: 1 } });
  const length = prng.between(120, 130);
  const inner = prng.between(0, 10);
  const nested = { requestTxn: { success: many(inner, range) } };
  const success = many(length, range);
  return { success: prng.chance(0.5) ? success : [nested, ...success.slice(1)] };
}

function drawOperation(draw: Drawer, depth: number): Init<etcd.RequestOp> {
  const { prng } = draw;
  const kind = prng.float();
  if (kind < 0.35) return { requestRange: drawRange(draw) };
  if (kind < 0.65) return { requestPut: drawPut(draw) };
  if (kind < 0.85) return { requestDeleteRange: drawDeleteRange(draw) };
  if (kind < 0.87) return {};
  return depth < 3 ? { requestTxn: drawTxn(draw, depth + 1) } : { requestPut: drawPut(draw) };
}

function drawCompare(draw: Drawer): Init<etcd.Compare> {
  const { prng, state } = draw;
  const near = prng.chance(0.3) ? prng.below(4) : Math.max(0, state.head - prng.below(20));
  const result = prng.chance(0.98) ? prng.below(4) : prng.pick([4, 9, -1]);
  const { key, rangeEnd } = prng.chance(0.8)
    ? { key: draw.key(), rangeEnd: new Uint8Array(0) }
    : draw.range();
  const target = prng.below(5);
  // What is compared with may be of another kind than what is asked for, or not be there.
  const union = prng.chance(0.93) ? target : prng.below(6);
  const operands: readonly Init<etcd.Compare>[] = [
    { version: prng.below(4) },
    { createRevision: near },
    { modRevision: near },
    { value: draw.value() },
    { lease: prng.chance(0.5) ? 0n : draw.lease() },
    {},
  ];
  return { result, target, key, rangeEnd, ...operands[union] };
}

function many<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
