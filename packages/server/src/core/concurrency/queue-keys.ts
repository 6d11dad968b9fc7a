import { etcd, type Init } from '@quorate/schema';

const slash = 0x2f;
const ascii = new TextEncoder();

/** Where those who want something called `name` put their keys. */
export function prefixOf(name: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(name.length + 1);
  prefix.set(name);
  prefix[name.length] = slash;
  return prefix;
}

/** @returns the key of who holds this lease, for each lease another one */
export function keyOf(prefix: Uint8Array, lease: bigint): Uint8Array {
  const suffix = ascii.encode(lease.toString(16));
  const key = new Uint8Array(prefix.length + suffix.length);
  key.set(prefix);
  key.set(suffix, prefix.length);
  return key;
}

/** The key with this prefix that was made first: its owner's turn it is. */
export function firstMade(prefix: Uint8Array): Init<etcd.RangeRequest> {
  const { ASCEND } = etcd.RangeRequestSortOrder;
  const sortTarget = etcd.RangeRequestSortTarget.CREATE;
  return { ...below(prefix), limit: 1, sortOrder: ASCEND, sortTarget };
}

/** The key with this prefix that was made last of those up to a revision. */
export function lastMadeBy(prefix: Uint8Array, revision: number): Init<etcd.RangeRequest> {
  const { DESCEND } = etcd.RangeRequestSortOrder;
  const sortTarget = etcd.RangeRequestSortTarget.CREATE;
  return {
    ...below(prefix),
    limit: 1,
    sortOrder: DESCEND,
    sortTarget,
    maxCreateRevision: revision,
    keysOnly: true,
  };
}

/** @param prefix ends with a slash, so the end of its range is the same with the next character */
export function below(prefix: Uint8Array): { key: Uint8Array; rangeEnd: Uint8Array } {
  const rangeEnd = prefix.slice();
  rangeEnd[rangeEnd.length - 1] = slash + 1;
  return { key: prefix, rangeEnd };
}
