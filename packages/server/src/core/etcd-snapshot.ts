import {
  ByteReader,
  ByteReaderError,
  ByteWriter,
  concatBytes,
  type SnapshotSink,
} from '@quorate/base';
import type { NodeId } from '@quorate/schema';
import { type Alarm, readAlarm, writeAlarm } from './alarms.ts';
import { type AuthTable, readAuthTable, writeAuthTable } from './auth/auth-format.ts';
import {
  readMemberAttributes,
  readUrls,
  writeMemberAttributes,
  writeUrls,
} from './member-attributes.ts';
import type { MemberRecord, RecordByMember } from './membership/member-table.ts';
import { ServerError } from './server-error.ts';

/**
 * A snapshot is `u32 version | u32 length | varint count, then so many member attributes, each with
 * its peer URLs behind it | table of users and roles | varint count, then so many alarms | the
 * store's snapshot`, integers little-endian; `length` is that of all before the store. In version 2
 * there were no peer URLs.
 */
const snapshotVersion = 3;
const oldestVersion = 2;
const preambleBytes = 8;
const maxBodyBytes = 512 * 1024 * 1024;

/** What of a snapshot is not the store's. */
export interface SnapshotBody {
  readonly members: RecordByMember;
  readonly auth: AuthTable;
  readonly alarms: readonly Alarm[];
}

export function snapshotPreamble({ members, auth, alarms }: SnapshotBody): Uint8Array {
  const body = new ByteWriter();
  body.varint(members.size);
  for (const one of members.values()) {
    writeMemberAttributes(one, body);
    writeUrls(one.peerUrls, body);
  }
  writeAuthTable(auth, body);
  body.varint(alarms.length);
  for (const alarm of alarms) writeAlarm(alarm, body);
  const writer = new ByteWriter(preambleBytes + body.length);
  writer.fixed32(snapshotVersion);
  writer.fixed32(body.length);
  writer.raw(body.view());
  return writer.take();
}

/**
 * Draws from the store's snapshot after the preamble. Not a generator: one that is ended before it
 * is first drawn from would never tell the store, which holds history back until it is told.
 */
export function snapshotChunks(
  preamble: Uint8Array,
  store: Iterator<Uint8Array, void>,
): Iterator<Uint8Array, void> {
  let begun = false;
  return {
    next: () => {
      if (begun) return store.next();
      begun = true;
      return { done: false, value: preamble };
    },
    return: () => store.return?.() ?? { done: true, value: undefined },
  };
}

/** Splits what `snapshotChunks` gave, wherever the chunks' borders are now. */
export class EtcdSnapshotSink implements SnapshotSink {
  readonly #store: SnapshotSink;
  readonly #done: (body: SnapshotBody) => void;
  /** What came so far, joined only when there is enough: the chunks may be of one byte each. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #neededBytes = preambleBytes;
  #body: SnapshotBody | null = null;

  constructor(store: SnapshotSink, done: (body: SnapshotBody) => void) {
    this.#store = store;
    this.#done = done;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#body !== null) {
      this.#store.chunk(bytes);
      return;
    }
    if (bytes.length === 0) return;
    // Not slice(): of a Buffer that is a view.
    this.#pending.push(new Uint8Array(bytes));
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= this.#neededBytes) this.#read(concatBytes(this.#pending));
  }

  finish(): void {
    if (this.#body === null) throw invalid('it is cut before the store begins');
    this.#store.finish();
    this.#done(this.#body);
  }

  /** @param stream all of it so far; at least its first eight bytes */
  #read(stream: Uint8Array): void {
    const reader = new ByteReader(stream);
    const version = reader.fixed32();
    if (version < oldestVersion || version > snapshotVersion)
      throw invalid(`its version is ${version}, not ${oldestVersion} to ${snapshotVersion}`);
    const length = reader.fixed32();
    if (length > maxBodyBytes) throw invalid(`${length} bytes before the store`);
    const end = preambleBytes + length;
    this.#neededBytes = end;
    this.#pending = [stream];
    if (stream.length < end) return;
    this.#body = readBody(stream.subarray(preambleBytes, end), version);
    this.#pending = [];
    if (stream.length > end) this.#store.chunk(stream.subarray(end));
  }
}

function readBody(bytes: Uint8Array, version: number): SnapshotBody {
  try {
    const reader = new ByteReader(bytes);
    const members = new Map<NodeId, MemberRecord>();
    for (let left = reader.varint(); left > 0; left--) {
      const one = readMemberAttributes(reader);
      const peerUrls = version === oldestVersion ? [] : readUrls(reader);
      members.set(one.member, { ...one, peerUrls });
    }
    const auth = readAuthTable(reader);
    if (auth === null) throw invalid('a permission is of no known type');
    const alarms: Alarm[] = [];
    for (let left = reader.varint(); left > 0; left--) {
      const alarm = readAlarm(reader);
      if (alarm === null) throw invalid('an alarm is of no known type');
      alarms.push(alarm);
    }
    return { members, auth, alarms };
  } catch (error) {
    if (error instanceof ByteReaderError) throw invalid(error.message);
    throw error;
  }
}

function invalid(reason: string): ServerError<'SERVER_SNAPSHOT_INVALID'> {
  const message = `a snapshot cannot be restored: ${reason}; take it again from another member`;
  return new ServerError('SERVER_SNAPSHOT_INVALID', message, { reason });
}
