import { ByteReader, ByteReaderError, ByteWriter, type SnapshotSink } from '@quorate/base';
import { readLease, readToken, writeLease, writeToken } from './election-bytes.ts';
import { ElectionError } from './election-error.ts';
import { type ElectionRecord, maxValueBytes } from './election-model.ts';

/**
 * A snapshot is one chunk; integers are varints, a token 8 bytes little-endian, a value its length
 * and its bytes. Checksums are the snapshot file's business.
 *
 *     version (1), then 0: nobody has ever led; or
 *     1, token term leader held (0 or 1) electionTimeoutMs clockDriftPpm value
 */
const formatVersion = 1;

/** Of the longest: no sender can make a replica keep more than this. */
const maxBytes = maxValueBytes + 64;

export function electionSnapshot(record: ElectionRecord | null): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(formatVersion);
  writer.varint(record === null ? 0 : 1);
  if (record !== null) {
    writeToken(writer, record.token);
    writer.varint(record.term);
    writer.varint(record.leader);
    writer.varint(record.held ? 1 : 0);
    writeLease(writer, record.lease);
    writer.bytes(record.value);
  }
  return writer.take();
}

/** Takes in what `electionSnapshot` gave, however it was cut. */
export class ElectionSnapshotSink implements SnapshotSink {
  readonly #restored: (record: ElectionRecord | null) => void;
  readonly #bytes = new Uint8Array(maxBytes);
  #length = 0;

  /** @param restored called by `finish`, once, when the snapshot is complete */
  constructor(restored: (record: ElectionRecord | null) => void) {
    this.#restored = restored;
  }

  /** @throws ElectionError ELECTION_SNAPSHOT_INVALID */
  chunk(bytes: Uint8Array): void {
    if (this.#length + bytes.length > maxBytes) invalid(`it has more than ${maxBytes} bytes`);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** @throws ElectionError ELECTION_SNAPSHOT_INVALID; nothing is restored then */
  finish(): void {
    const reader = new ByteReader(this.#bytes, 0, this.#length);
    let record: ElectionRecord | null;
    try {
      const version = reader.varint();
      if (version !== formatVersion) invalid(`its version is ${version}`);
      record = readRecord(reader);
      if (!reader.atEnd) invalid(`${reader.remaining} bytes follow its end`);
    } catch (error) {
      if (error instanceof ByteReaderError) invalid(error.message);
      throw error;
    }
    this.#restored(record);
  }
}

function readRecord(reader: ByteReader): ElectionRecord | null {
  if (!readFlag(reader)) return null;
  const token = readToken(reader);
  const term = reader.varint();
  const leader = reader.varint();
  const held = readFlag(reader);
  const lease = readLease(reader);
  const value = reader.bytes().slice();
  if (token === 0n || term === 0 || leader === 0) invalid('it has a record of nobody');
  if (value.length > maxValueBytes) invalid(`it has a value of ${value.length} bytes`);
  return { token, term, leader, lease, value, held };
}

function readFlag(reader: ByteReader): boolean {
  const flag = reader.varint();
  if (flag > 1) invalid(`${flag} stands where 0 or 1 has to`);
  return flag === 1;
}

function invalid(reason: string): never {
  const message = `the election's snapshot is invalid: ${reason}; nothing was restored`;
  throw new ElectionError('ELECTION_SNAPSHOT_INVALID', message, { reason });
}
