import type { DeleteRangeRequest, PutRequest, RangeRequest, TxnRequest } from '@quorate/kv';

const oneKey = new Uint8Array(0);

/** @param revision 0 for the latest */
export function getRequest(key: Uint8Array, revision: number): RangeRequest {
  return rangeRequest(key, oneKey, revision);
}

/** @param rangeEnd exclusive; empty for the one key, a zero byte for all keys behind */
export function rangeRequest(
  key: Uint8Array,
  rangeEnd: Uint8Array,
  revision: number,
): RangeRequest {
  return {
    kind: 'range',
    key,
    rangeEnd,
    limit: 0,
    revision,
    sortOrder: 'none',
    sortTarget: 'key',
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

export function putRequest(key: Uint8Array, value: Uint8Array): PutRequest {
  return {
    kind: 'put',
    key,
    value,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

export function deleteRequest(key: Uint8Array): DeleteRangeRequest {
  return { kind: 'deleteRange', key, rangeEnd: oneKey, prevKv: false };
}

/** Puts `value` if the key holds `expected`, or if it is absent for null. */
export function compareAndSetRequest(
  key: Uint8Array,
  expected: Uint8Array | null,
  value: Uint8Array,
): TxnRequest {
  const compare =
    expected === null
      ? ({ operator: 'equal', operand: { target: 'version', value: 0 } } as const)
      : ({ operator: 'equal', operand: { target: 'value', value: expected } } as const);
  return {
    kind: 'txn',
    compares: [{ key, rangeEnd: oneKey, ...compare }],
    success: [putRequest(key, value)],
    failure: [],
  };
}
