import { assert, ByteReader, ByteReaderError, ByteWriter, unreachable } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { isNonceLength } from './session.ts';
import {
  readSessionLimits,
  type SessionLimits,
  sessionLimitsProblem,
  writeSessionLimits,
} from './session-limits.ts';

/** A command of the state machine within, outside any session: applied as often as it is logged. */
export interface PlainCommand {
  readonly kind: 'plain';
  readonly command: Uint8Array;
}

export interface OpenSessionCommand {
  readonly kind: 'openSession';
  readonly ttlMs: number;
  /**
   * Drawn at random by the client, 8 to 32 bytes: a repeated command with the nonce of a live
   * session is answered with that session. Empty: each such command opens one.
   */
  readonly nonce: Uint8Array;
}

export interface CloseSessionCommand {
  readonly kind: 'closeSession';
  readonly session: LogIndex;
}

/** A command of the state machine within, applied once however often it is logged. */
export interface InSessionCommand {
  readonly kind: 'inSession';
  readonly session: LogIndex;
  /** The client's own number for the command, from 1 on; the same when it is sent again. */
  readonly sequence: number;
  /** The client has the answers to all sequences below this; at least 1, at most `sequence`. */
  readonly acknowledgedBelow: number;
  readonly command: Uint8Array;
}

export interface KeepAliveCommand {
  readonly kind: 'keepAlive';
  /** 1 to `maxKeptAlive` of them, so that one entry does for all clients of a server. */
  readonly sessions: readonly LogIndex[];
}

/** Does nothing but carry the time, in a group that has no other entries. */
export interface TickCommand {
  readonly kind: 'tick';
}

export interface SetLimitsCommand {
  readonly kind: 'setLimits';
  readonly limits: SessionLimits;
}

/**
 * What a group with sessions replicates: commands of the state machine within, and what keeps
 * sessions.
 */
export type SessionCommand =
  | PlainCommand
  | OpenSessionCommand
  | CloseSessionCommand
  | InSessionCommand
  | KeepAliveCommand
  | TickCommand
  | SetLimitsCommand;

export interface MalformedCommand {
  readonly kind: 'malformed';
  readonly reason: string;
}

export const maxKeptAlive = 1024;

/**
 * Layout, integers as varints:
 *
 *   byte     version * 16 + kind
 *   plain        the command's bytes, to the end
 *   openSession  ttlMs, length of the nonce, nonce
 *   closeSession session
 *   inSession    session, sequence, acknowledgedBelow, the command's bytes, to the end
 *   keepAlive    count, then so many sessions
 *   tick         nothing
 *   setLimits    as `writeSessionLimits`
 */
const version = 1;
const kinds = {
  plain: 0,
  openSession: 1,
  closeSession: 2,
  inSession: 3,
  keepAlive: 4,
  tick: 5,
  setLimits: 6,
} as const;

/** The byte before a command that is in no session. */
export const plainCommandHead = version * 16 + kinds.plain;

const maxAskedTtlMs = 2 ** 31 - 1;

const scratch = new ByteWriter();

/** @returns a new array, the caller's; what cannot be said this way fails an assertion */
export function encodeSessionCommand(command: SessionCommand): Uint8Array {
  if (command.kind === 'plain') return encodePlain(command.command);
  scratch.truncate(0);
  scratch.varint(version * 16 + kinds[command.kind]);
  switch (command.kind) {
    case 'openSession': {
      const problem = openProblem(command);
      assert(problem === null, `an openSession command is well-formed: ${problem}`);
      scratch.varint(command.ttlMs);
      scratch.bytes(command.nonce);
      break;
    }
    case 'closeSession':
      assert(command.session > 0, 'a session is the index of an entry');
      scratch.varint(command.session);
      break;
    case 'inSession': {
      const problem = inSessionProblem(command);
      assert(problem === null, `an inSession command is well-formed: ${problem}`);
      scratch.varint(command.session);
      scratch.varint(command.sequence);
      scratch.varint(command.acknowledgedBelow);
      scratch.raw(command.command);
      break;
    }
    case 'keepAlive': {
      const count = command.sessions.length;
      assert(count > 0 && count <= maxKeptAlive, `1 to ${maxKeptAlive} sessions are kept alive`);
      scratch.varint(count);
      for (const session of command.sessions) {
        assert(session > 0, 'a session is the index of an entry');
        scratch.varint(session);
      }
      break;
    }
    case 'tick':
      break;
    case 'setLimits':
      assert(sessionLimitsProblem(command.limits) === null, 'the limits can be used');
      writeSessionLimits(scratch, command.limits);
      break;
    default:
      unreachable(command);
  }
  return scratch.take();
}

/** Most commands are: in one copy. */
function encodePlain(command: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + command.length);
  bytes[0] = plainCommandHead;
  bytes.set(command, 1);
  return bytes;
}

/**
 * Never throws: what no encoder writes is `malformed`. Inner commands are views of `bytes`.
 */
export function decodeSessionCommand(bytes: Uint8Array): SessionCommand | MalformedCommand {
  const command = plainCommandOf(bytes);
  return command === null ? decodeOtherCommand(bytes) : { kind: 'plain', command };
}

/** Nearly all commands of most groups are plain, so they are not taken apart with the others. */
export function plainCommandOf(bytes: Uint8Array): Uint8Array | null {
  return bytes[0] === plainCommandHead ? bytes.subarray(1) : null;
}

export type OtherCommand = Exclude<SessionCommand, PlainCommand>;

/** Of bytes that are no plain command; never throws either. */
export function decodeOtherCommand(bytes: Uint8Array): OtherCommand | MalformedCommand {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof ByteReaderError) return malformed(error.metadata.reason);
    throw error;
  }
}

/**
 * To be asked before proposing bytes from outside. In `apply` such a command is answered as
 * `malformed` on every replica and changes nothing.
 *
 * @returns why `bytes` are not a session command; null when they are
 */
export function sessionCommandProblem(bytes: Uint8Array): string | null {
  const decoded = decodeSessionCommand(bytes);
  return decoded.kind === 'malformed' ? decoded.reason : null;
}

function decode(bytes: Uint8Array): OtherCommand | MalformedCommand {
  const first = bytes[0];
  if (first === undefined) return malformed('it is empty');
  if (first >> 4 !== version) return malformed(`its version is ${first >> 4}, not ${version}`);
  const kind = first & 15;
  const reader = new ByteReader(bytes, 1);
  if (kind === kinds.inSession) return decodeInSession(bytes, reader);
  const command = decodeControl(kind, reader);
  if (command.kind !== 'malformed' && !reader.atEnd) return malformed('bytes follow its end');
  return command;
}

function decodeInSession(
  bytes: Uint8Array,
  reader: ByteReader,
): InSessionCommand | MalformedCommand {
  const session = reader.varint();
  const sequence = reader.varint();
  const acknowledgedBelow = reader.varint();
  const command = bytes.subarray(reader.offset);
  const decoded: InSessionCommand = {
    kind: 'inSession',
    session,
    sequence,
    acknowledgedBelow,
    command,
  };
  const problem = inSessionProblem(decoded);
  return problem === null ? decoded : malformed(problem);
}

function decodeControl(kind: number, reader: ByteReader): OtherCommand | MalformedCommand {
  switch (kind) {
    case kinds.openSession: {
      const ttlMs = reader.varint();
      const nonce = reader.bytes();
      const command: OpenSessionCommand = { kind: 'openSession', ttlMs, nonce };
      const problem = openProblem(command);
      return problem === null ? command : malformed(problem);
    }
    case kinds.closeSession: {
      const session = reader.varint();
      return session === 0 ? malformed('session 0') : { kind: 'closeSession', session };
    }
    case kinds.keepAlive:
      return decodeKeepAlive(reader);
    case kinds.tick:
      return { kind: 'tick' };
    case kinds.setLimits: {
      const limits = readSessionLimits(reader);
      const problem = sessionLimitsProblem(limits);
      return problem === null ? { kind: 'setLimits', limits } : malformed(problem);
    }
    default:
      return malformed(`its kind is ${kind}`);
  }
}

function decodeKeepAlive(reader: ByteReader): KeepAliveCommand | MalformedCommand {
  const count = reader.varint();
  if (count === 0 || count > maxKeptAlive) return malformed(`it keeps ${count} sessions alive`);
  const sessions: LogIndex[] = [];
  for (let i = 0; i < count; i++) {
    const session = reader.varint();
    if (session === 0) return malformed('session 0');
    sessions.push(session);
  }
  return { kind: 'keepAlive', sessions };
}

function openProblem({ ttlMs, nonce }: OpenSessionCommand): string | null {
  if (ttlMs < 1 || ttlMs > maxAskedTtlMs) return `its time to live is ${ttlMs} ms`;
  if (isNonceLength(nonce.length)) return null;
  return `its nonce has ${nonce.length} bytes, not 0 or 8 to 32`;
}

function inSessionProblem(command: InSessionCommand): string | null {
  const { session, sequence, acknowledgedBelow } = command;
  if (session === 0) return 'session 0';
  if (acknowledgedBelow < 1) return 'it acknowledges below 0';
  // A client does not ask for what it has.
  if (acknowledgedBelow > sequence) return 'it acknowledges itself';
  return null;
}

function malformed(reason: string): MalformedCommand {
  return { kind: 'malformed', reason };
}
