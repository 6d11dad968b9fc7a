import { compareBytes, unreachable } from '@quorate/base';
import { isSingleKey, keyInterval } from './key-range.ts';
import type { KeyValue, RangeRequest, RangeResult, SortTarget } from './model.ts';
import type { VersionStore } from './version-store.ts';

const LATEST = Number.MAX_SAFE_INTEGER;
const NO_VALUE = new Uint8Array(0);

/**
 * Answers a read. That its revision can be read has been checked.
 *
 * `count` is of all keys in the range at that revision, before bounds and limit. Without bounds,
 * and in key order, the limit stops the walk; otherwise everything is fetched, filtered, sorted and
 * cut. Who names a target to sort by but no order gets the first `limit` + 1 keys, sorted and then
 * cut to `limit`: so etcd answers (seen on 3.4.23).
 *
 * @param currentRevision what the answer names as the store's revision
 */
export function readRange(
  versions: VersionStore,
  request: RangeRequest,
  currentRevision: number,
): RangeResult {
  const asked = request.revision;
  const revision = asked > 0 && asked < currentRevision ? asked : LATEST;
  const found = isSingleKey(request)
    ? findKey(versions, request, revision)
    : findRange(versions, request, revision);
  const matching = isBounded(request)
    ? found.keyValues.filter((keyValue) => isWithinBounds(keyValue, request))
    : found.keyValues;
  const sorted = request.sortTarget === 'key' ? matching : sortBy(matching, request);
  const passed = isBounded(request) ? sorted.length : found.count;
  const more = !request.countOnly && request.limit > 0 && passed > request.limit;
  const cut = more ? sorted.slice(0, request.limit) : sorted;
  return {
    kind: 'range',
    keyValues: request.keysOnly ? cut.map(withoutValue) : cut,
    more,
    count: found.count,
    revision: currentRevision,
  };
}

interface Found {
  /** By key, in the order asked for; may already be cut to the limit. */
  readonly keyValues: readonly KeyValue[];
  readonly count: number;
}

function findKey(versions: VersionStore, request: RangeRequest, revision: number): Found {
  const entry = versions.find(request.key);
  const version = entry?.at(revision);
  if (entry === undefined || !version?.live) return { keyValues: [], count: 0 };
  return { keyValues: request.countOnly ? [] : [version.toKeyValue(entry.key)], count: 1 };
}

function findRange(versions: VersionStore, request: RangeRequest, revision: number): Found {
  const interval = keyInterval(request);
  const byKey = request.sortTarget === 'key';
  const latest = revision === LATEST;
  const total = latest ? versions.countLive(interval) : 0;
  const wanted = mostWanted(request);
  if (latest && wanted === 0) return { keyValues: [], count: total };
  const keyValues: KeyValue[] = [];
  let seen = 0;
  const descending = byKey && request.sortOrder === 'descend';
  versions.scan({ interval, descending, skipDead: latest }, (entry) => {
    const version = entry.at(revision);
    if (!version?.live) return true;
    seen++;
    if (keyValues.length < wanted) keyValues.push(version.toKeyValue(entry.key));
    return !latest || keyValues.length < wanted;
  });
  return { keyValues, count: latest ? total : seen };
}

function mostWanted(request: RangeRequest): number {
  if (request.countOnly) return 0;
  if (request.limit <= 0 || isBounded(request)) return Number.POSITIVE_INFINITY;
  if (request.sortTarget === 'key') return request.limit;
  return request.sortOrder === 'none' ? request.limit + 1 : Number.POSITIVE_INFINITY;
}

function isBounded(request: RangeRequest): boolean {
  return (
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0
  );
}

function isWithinBounds(keyValue: KeyValue, request: RangeRequest): boolean {
  const { modRevision, createRevision } = keyValue;
  return (
    (request.minModRevision === 0 || modRevision >= request.minModRevision) &&
    (request.maxModRevision === 0 || modRevision <= request.maxModRevision) &&
    (request.minCreateRevision === 0 || createRevision >= request.minCreateRevision) &&
    (request.maxCreateRevision === 0 || createRevision <= request.maxCreateRevision)
  );
}

/** Equal ones stay in key order, in both directions. */
function sortBy(keyValues: readonly KeyValue[], request: RangeRequest): readonly KeyValue[] {
  const compare = ascendingBy(request.sortTarget);
  const descending = request.sortOrder === 'descend';
  return keyValues.toSorted((a, b) => (descending ? compare(b, a) : compare(a, b)));
}

function ascendingBy(target: SortTarget): (a: KeyValue, b: KeyValue) => number {
  switch (target) {
    case 'key':
      return (a, b) => compareBytes(a.key, b.key);
    case 'version':
      return (a, b) => a.version - b.version;
    case 'create':
      return (a, b) => a.createRevision - b.createRevision;
    case 'mod':
      return (a, b) => a.modRevision - b.modRevision;
    case 'value':
      return (a, b) => compareBytes(a.value, b.value);
    default:
      return unreachable(target);
  }
}

function withoutValue(keyValue: KeyValue): KeyValue {
  return { ...keyValue, value: NO_VALUE };
}
