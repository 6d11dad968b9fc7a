import { crc32 } from 'node:zlib';
import { KvStateMachine } from '@quorate/kv';
import type { ReadableFile } from '../core/bolt/bolt-reader.ts';
import { readDatabase } from '../core/database/database-reader.ts';
import { EtcdStateMachine } from '../core/etcd-state-machine.ts';

/** What a file holds, as a member would hold it. */
export interface LoadedState {
  readonly machine: EtcdStateMachine;
  readonly store: KvStateMachine;
  readonly records: number;
}

/**
 * Takes the whole database over into memory.
 *
 * @param bumpRevision see `readDatabase`
 * @throws ServerError SERVER_SNAPSHOT_INVALID
 */
export function loadState(file: ReadableFile, bumpRevision = 0): LoadedState {
  const checksum = { crc32 };
  const read = readDatabase(file, checksum, bumpRevision);
  const store = new KvStateMachine({ checksum });
  const sink = store.restore();
  for (let next = read.store.next(); !next.done; next = read.store.next()) sink.chunk(next.value);
  sink.finish();
  const machine = new EtcdStateMachine(store);
  machine.auth.restore(read.auth);
  machine.alarms.restore(read.alarms);
  return { machine, store, records: read.records };
}
