import { ByteReader, ByteReaderError, concatBytes, type SnapshotSink } from '@quorate/base';
import type { Session } from './session.ts';
import { sessionsInvalid } from './session-error.ts';
import { hardLimits, sessionLimitsProblem } from './session-limits.ts';
import { SessionTable } from './session-table.ts';
import {
  lengthBytes,
  maxBlockBytes,
  readHeader,
  readSession,
  snapshotVersion,
} from './snapshot-format.ts';

/**
 * Reads what `SessionSnapshot` draws, wherever the chunks' borders are now, and hands the rest to
 * the inner state machine. Nothing is visible before `finish`, and nothing is when it throws.
 */
export class SessionSnapshotSink implements SnapshotSink {
  readonly #inner: SnapshotSink;
  readonly #restored: (table: SessionTable) => void;
  /** A block that has not arrived whole. */
  #pending: Uint8Array = new Uint8Array(0);
  /** Bytes that are read and no longer pending. */
  #offset = 0;
  /** Null before the header. */
  #table: SessionTable | null = null;
  #sessionCount = 0;
  readonly #sessions: Session[] = [];
  #ended = false;

  /** @param restored is given the table once everything is complete */
  constructor(inner: SnapshotSink, restored: (table: SessionTable) => void) {
    this.#inner = inner;
    this.#restored = restored;
  }

  /** @throws SessionError RUNTIME_SESSIONS_INVALID, and what the inner sink throws */
  chunk(bytes: Uint8Array): void {
    let rest = this.#pending.length === 0 ? bytes : concatBytes([this.#pending, bytes]);
    while (!this.#ended) {
      const length = blockLength(rest);
      if (length > maxBlockBytes) this.#refuse(`a block has ${length} bytes`);
      if (rest.length < lengthBytes + length) {
        // The chunk is the caller's again after this call.
        this.#pending = rest.slice();
        return;
      }
      const block = rest.subarray(lengthBytes, lengthBytes + length);
      rest = rest.subarray(lengthBytes + length);
      this.#offset += lengthBytes + length;
      if (length === 0) this.#end();
      else this.#block(block);
    }
    this.#pending = new Uint8Array(0);
    if (rest.length > 0) this.#inner.chunk(rest);
  }

  drained(done: () => void): void {
    if (this.#inner.drained === undefined) done();
    else this.#inner.drained(done);
  }

  finish(): void {
    const table = this.#table;
    if (table === null || !this.#ended) this.#refuse('it ends inside the sessions');
    this.#inner.finish();
    this.#restored(table);
  }

  #end(): void {
    const table = this.#table;
    const count = this.#sessions.length;
    if (table === null) this.#refuse('there is no header');
    if (count !== this.#sessionCount) this.#refuse(`${count} sessions, not ${this.#sessionCount}`);
    table.load(this.#sessions);
    if (table.sessions.size !== count) this.#refuse('a session is there twice');
    if (!table.hasUniqueNonces) this.#refuse('a nonce is there twice');
    this.#ended = true;
  }

  #block(bytes: Uint8Array): void {
    try {
      const reader = new ByteReader(bytes);
      if (this.#table === null) this.#header(reader);
      else this.#readSessions(reader, this.#table.clock.nowMicros);
      if (!reader.atEnd) this.#refuse('bytes follow the header');
    } catch (error) {
      if (error instanceof ByteReaderError) this.#refuse(error.message);
      throw error;
    }
  }

  #header(reader: ByteReader): void {
    const header = readHeader(reader);
    const { version, limits, sessionCount } = header;
    if (version !== snapshotVersion) this.#refuse(`its version is ${version}`);
    const problem = sessionLimitsProblem(limits);
    if (problem !== null) this.#refuse(problem);
    if (sessionCount > hardLimits.maxSessions) this.#refuse(`${sessionCount} sessions`);
    if (header.nowMicros > header.lastTimestampMicros)
      this.#refuse('its time is beyond all stamps');
    if (header.termStartMicros > header.nowMicros) this.#refuse('its term began later than now');
    this.#table = new SessionTable(limits);
    this.#table.clock.restore(header);
    this.#sessionCount = sessionCount;
  }

  #readSessions(reader: ByteReader, nowMicros: number): void {
    while (!reader.atEnd) {
      if (this.#sessions.length === this.#sessionCount)
        this.#refuse(`more than ${this.#sessionCount} sessions`);
      this.#sessions.push(readSession(reader, nowMicros, (reason) => this.#refuse(reason)));
    }
  }

  #refuse(reason: string): never {
    sessionsInvalid(reason, this.#offset);
  }
}

/** 0, as at the end, while it has not arrived: then there is nothing behind it either. */
function blockLength(bytes: Uint8Array): number {
  return bytes.length < lengthBytes ? 0 : new ByteReader(bytes).fixed32();
}
