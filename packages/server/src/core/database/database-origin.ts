import { BoltReader, type ReadableFile } from '../bolt/bolt-reader.ts';
import { buckets } from './database-format.ts';

/** Where a file is from, as far as it says. */
export interface DatabaseOrigin {
  /** 16 hex digits; null: it was not saved by this service. */
  readonly clusterId: string | null;
  /** Of the log behind it; 0: unknown. */
  readonly appliedIndex: number;
  readonly term: number;
}

/** @throws ServerError SERVER_SNAPSHOT_INVALID */
export function readOrigin(file: ReadableFile): DatabaseOrigin {
  const values = new Map<string, Uint8Array>();
  const text = new TextDecoder();
  for (const { key, value } of new BoltReader(file).entries(buckets.meta)) {
    values.set(text.decode(key), value);
  }
  const number = (name: string): number => {
    const value = values.get(name);
    if (value?.length !== 8) return 0;
    const found = new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0);
    return found < 2n ** 51n ? Number(found) : 0;
  };
  const id = text.decode(values.get('quorateCluster'));
  return {
    clusterId: /^[0-9a-f]{16}$/.test(id) ? id : null,
    appliedIndex: number('consistent_index'),
    term: number('term'),
  };
}
