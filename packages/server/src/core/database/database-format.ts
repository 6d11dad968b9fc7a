/**
 * What etcd keeps in its database file, by bucket: names of buckets and of the single values among
 * them, and the form of a revision as a key. Integers are big-endian.
 */
const ascii = new TextEncoder();

export const buckets = {
  alarm: ascii.encode('alarm'),
  auth: ascii.encode('auth'),
  authRoles: ascii.encode('authRoles'),
  authUsers: ascii.encode('authUsers'),
  key: ascii.encode('key'),
  lease: ascii.encode('lease'),
  meta: ascii.encode('meta'),
} as const;

export const authKeys = {
  enabled: ascii.encode('authEnabled'),
  revision: ascii.encode('authRevision'),
} as const;

export const metaKeys = {
  consistentIndex: ascii.encode('consistent_index'),
  finishedCompaction: ascii.encode('finishedCompactRev'),
  /** Not etcd's, which passes over it: 16 hex digits. */
  cluster: ascii.encode('quorateCluster'),
  scheduledCompaction: ascii.encode('scheduledCompactRev'),
  term: ascii.encode('term'),
} as const;

const underscore = 0x5f;
const tombstone = 0x74;
/** `u64 revision | '_' | u64 sub`, and a 't' behind it where the key was deleted. */
const revisionBytes = 17;

export interface RevisionKey {
  readonly revision: number;
  readonly sub: number;
  readonly isDeletion: boolean;
}

export function revisionKey({ revision, sub, isDeletion }: RevisionKey): Uint8Array {
  const key = new Uint8Array(isDeletion ? revisionBytes + 1 : revisionBytes);
  const view = new DataView(key.buffer);
  view.setBigUint64(0, BigInt(revision));
  key[8] = underscore;
  view.setBigUint64(9, BigInt(sub));
  if (isDeletion) key[revisionBytes] = tombstone;
  return key;
}

/** @returns null when the bytes are no such key */
export function readRevisionKey(key: Uint8Array): RevisionKey | null {
  const isDeletion = key.length === revisionBytes + 1 && key[revisionBytes] === tombstone;
  if ((key.length !== revisionBytes && !isDeletion) || key[8] !== underscore) return null;
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const revision = Number(view.getBigUint64(0));
  const sub = Number(view.getBigUint64(9));
  if (!Number.isSafeInteger(revision) || !Number.isSafeInteger(sub)) return null;
  return { revision, sub, isDeletion };
}

export function bigEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}
