import { etcd, type Init } from '@quorate/schema';
import { type BytesLike, bytesOf, type KeyOrRange, wireRange } from './key-range.ts';
import type {
  ClientKeyValue,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
} from './key-value.ts';

const sortTargets = {
  key: etcd.RangeRequestSortTarget.KEY,
  version: etcd.RangeRequestSortTarget.VERSION,
  createRevision: etcd.RangeRequestSortTarget.CREATE,
  modRevision: etcd.RangeRequestSortTarget.MOD,
  value: etcd.RangeRequestSortTarget.VALUE,
};

/** @returns the request of a get */
export function rangeRequest(key: KeyOrRange, options: GetOptions): Init<etcd.RangeRequest> {
  const { prefix, rangeEnd, sortBy, descending, ...rest } = options;
  const range = wireRange(key, prefix);
  const { ASCEND, DESCEND, NONE } = etcd.RangeRequestSortOrder;
  const ascending = sortBy === undefined ? NONE : ASCEND;
  return {
    ...rest,
    ...range,
    ...(rangeEnd === undefined ? {} : { rangeEnd: bytesOf(rangeEnd) }),
    sortTarget: sortTargets[sortBy ?? 'key'],
    sortOrder: descending === true ? DESCEND : ascending,
  };
}

/** @returns the request of a put */
export function putRequest(
  key: BytesLike,
  value: BytesLike,
  { lease, ...options }: PutOptions,
): Init<etcd.PutRequest> {
  const id = typeof lease === 'object' ? lease.id : (lease ?? 0n);
  return { ...options, key: bytesOf(key), value: bytesOf(value), lease: id };
}

/** @returns the request of a delete */
export function deleteRequest(
  key: KeyOrRange,
  { prefix, prevKv }: DeleteOptions,
): Init<etcd.DeleteRangeRequest> {
  return { ...wireRange(key, prefix), prevKv: prevKv === true };
}

/** @param revision of the answer it is part of */
export function getResult(answer: etcd.RangeResponse, revision: number): GetResult {
  const { count, more } = answer;
  return { keyValues: answer.kvs.map(keyValueOf), count, more, revision };
}

/** @param revision of the answer it is part of */
export function putResult({ prevKv }: etcd.PutResponse, revision: number): PutResult {
  return { revision, previous: prevKv === null ? null : keyValueOf(prevKv) };
}

/** @param revision of the answer it is part of */
export function deleteResult(answer: etcd.DeleteRangeResponse, revision: number): DeleteResult {
  return { deleted: answer.deleted, revision, previous: answer.prevKvs.map(keyValueOf) };
}

/** @returns the same, as users see it */
export function keyValueOf(keyValue: etcd.KeyValue): ClientKeyValue {
  return keyValue;
}
