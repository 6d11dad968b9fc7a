import type { ByteReader, ByteWriter } from '@quorate/base';
import { isNonceLength, nonceKey, Session } from './session.ts';
import type { SessionClockState } from './session-clock.ts';
import {
  hardLimits,
  isGrantedTtl,
  readSessionLimits,
  type SessionLimits,
  writeSessionLimits,
} from './session-limits.ts';
import type { SessionTable } from './session-table.ts';

/**
 * The sessions in a snapshot are blocks, wherever the borders of chunks are:
 *
 *   u32 length, then so many bytes     the first: the header; the others: whole sessions
 *   u32 0                              the end; what follows is the inner state machine's
 *
 * Integers are little-endian or varints. Checksums are the snapshot file's business.
 *
 *   header   version, limits (as `writeSessionLimits`), the clock's nowMicros,
 *            lastTimestampMicros, term, termStartMicros; count of sessions
 *   session  id, ttlMs, contactMicros, acknowledgedBelow, length of the nonce, nonce, count of
 *            answers; each: sequence, index, then 0 for one too large, or 1, length, bytes
 *
 * Answers stand in the order in which their commands were applied, so with ascending indexes.
 */
export const snapshotVersion = 1;

export const lengthBytes = 4;

/** A block is ended once it has so many bytes. */
export const blockBytes = 256 * 1024;

/** No block is larger: one session at its hard limits has less than half of it. */
export const maxBlockBytes = 1024 * 1024 - 2 * lengthBytes;

interface SnapshotHeader extends SessionClockState {
  readonly version: number;
  readonly limits: SessionLimits;
  readonly sessionCount: number;
}

export function writeHeader(writer: ByteWriter, table: SessionTable): void {
  const { clock, limits, sessions } = table;
  writer.varint(snapshotVersion);
  writeSessionLimits(writer, limits);
  writer.varint(clock.nowMicros);
  writer.varint(clock.lastTimestampMicros);
  writer.varint(clock.term);
  writer.varint(clock.termStartMicros);
  writer.varint(sessions.size);
}

/** Only the form is checked. */
export function readHeader(reader: ByteReader): SnapshotHeader {
  return {
    version: reader.varint(),
    limits: readSessionLimits(reader),
    nowMicros: reader.varint(),
    lastTimestampMicros: reader.varint(),
    term: reader.varint(),
    termStartMicros: reader.varint(),
    sessionCount: reader.varint(),
  };
}

export function writeSession(writer: ByteWriter, session: Session): void {
  writer.varint(session.id);
  writer.varint(session.ttlMs);
  writer.varint(session.contactMicros);
  writer.varint(session.acknowledgedBelow);
  writer.bytes(Uint8Array.from(session.nonce, (char) => char.charCodeAt(0)));
  writer.varint(session.answers.size);
  for (const [sequence, { index, bytes }] of session.answers) {
    writer.varint(sequence);
    writer.varint(index);
    writer.varint(bytes === null ? 0 : 1);
    if (bytes !== null) writer.bytes(bytes);
  }
}

/**
 * Reads what no limits, whatever they have been, rule out. The bytes of answers are copied.
 *
 * @param refuse is told what is wrong; does not return
 */
export function readSession(
  reader: ByteReader,
  nowMicros: number,
  refuse: (reason: string) => never,
): Session {
  const id = reader.varint();
  const ttlMs = reader.varint();
  const contactMicros = reader.varint();
  const acknowledgedBelow = reader.varint();
  const nonce = reader.bytes();
  if (id === 0) refuse('session 0');
  if (!isGrantedTtl(ttlMs)) refuse(`session ${id} lives ${ttlMs} ms`);
  if (contactMicros > nowMicros) refuse(`session ${id} was heard of later than now`);
  if (acknowledgedBelow === 0) refuse(`session ${id} acknowledges below 0`);
  if (!isNonceLength(nonce.length)) refuse(`session ${id} has a nonce of ${nonce.length} bytes`);
  const session = new Session(id, ttlMs, nonceKey(nonce), contactMicros);
  session.acknowledgedBelow = acknowledgedBelow;
  readAnswers(reader, session, refuse);
  return session;
}

function readAnswers(
  reader: ByteReader,
  session: Session,
  refuse: (reason: string) => never,
): void {
  const { id, acknowledgedBelow } = session;
  const count = reader.varint();
  if (count > hardLimits.maxWindow) refuse(`session ${id} has ${count} answers`);
  let lastIndex = id;
  for (let i = 0; i < count; i++) {
    const sequence = reader.varint();
    const index = reader.varint();
    const kept = reader.varint();
    const bytes = kept === 0 ? null : reader.bytes().slice();
    const ahead = sequence - acknowledgedBelow;
    if (ahead < 0 || ahead >= hardLimits.maxWindow || session.answers.has(sequence))
      refuse(`session ${id} has an answer to ${sequence} in the wrong place`);
    if (index <= lastIndex || kept > 1 || (bytes?.length ?? 0) > hardLimits.maxAnswerBytes)
      refuse(`session ${id} has an impossible answer to ${sequence}`);
    lastIndex = index;
    session.restoreAnswer(sequence, index, bytes);
  }
  if (session.answerBytes >= hardLimits.maxSessionBytes + 2 * hardLimits.maxAnswerBytes)
    refuse(`session ${id} remembers ${session.answerBytes} bytes`);
}
