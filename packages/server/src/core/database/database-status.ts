import { equalBytes } from '@quorate/base';
import { BoltReader, type ReadableFile } from '../bolt/bolt-reader.ts';
import { crc32c } from '../bolt/crc32c.ts';
import { buckets, readRevisionKey } from './database-format.ts';

/** What `etcdctl snapshot status` says of a file, and how it comes to it. */
export interface DatabaseStatus {
  /** CRC-32C over the names of the buckets and all that is in them. */
  readonly hash: number;
  /** The newest in the store's bucket; 0: it is empty. */
  readonly revision: number;
  /** Of all buckets together. */
  readonly totalKeys: number;
  /** Of the pages in use. */
  readonly totalSizeBytes: number;
  /** Of the form in which the file is, as far as it says; '' when it does not. */
  readonly version: string;
}

/** @throws ServerError SERVER_SNAPSHOT_INVALID */
export function databaseStatus(file: ReadableFile): DatabaseStatus {
  const reader = new BoltReader(file);
  let hash = 0;
  let revision = 0;
  let totalKeys = 0;
  for (const bucket of reader.buckets()) {
    hash = crc32c(bucket, hash);
    const isStore = equalBytes(bucket, buckets.key);
    for (const { key, value } of reader.entries(bucket)) {
      hash = crc32c(value, crc32c(key, hash));
      totalKeys += 1;
      if (isStore) revision = readRevisionKey(key)?.revision ?? revision;
    }
  }
  const version = storageVersion(reader);
  return { hash, revision, totalKeys, totalSizeBytes: reader.bytes, version };
}

/** Written from 3.6 on; what 3.5 writes and 3.4 does not tells those apart. */
function storageVersion(reader: BoltReader): string {
  let hasTerm = false;
  let hasConfiguration = false;
  for (const { key, value } of reader.entries(buckets.meta)) {
    const name = new TextDecoder().decode(key);
    if (name === 'storageVersion') return new TextDecoder().decode(value);
    hasTerm ||= name === 'term';
    hasConfiguration ||= name === 'confState';
  }
  return hasTerm && hasConfiguration ? '3.5.0' : '';
}
