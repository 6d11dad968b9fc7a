import type { LogIndex } from '@quorate/schema';

/**
 * Turns what the state machine answers into bytes and back, so that it can be remembered. Both
 * directions are deterministic: equal on all replicas, of all versions that run together.
 */
export interface ResultCodec<Result> {
  /** @returns bytes that nobody changes any more; kept, so not a view of something larger */
  encode(result: Result): Uint8Array;
  /** Called only with what `encode` gave, perhaps in an earlier life of the process. */
  decode(bytes: Uint8Array): Result;
}

/**
 * A command was applied. Where it was a repeated one, by an earlier entry: then `firstIndex` is
 * that entry's index, and `index` the one of the entry that is answered here.
 *
 * A reply that waits for a durability class waits for `index`, the later one: a node that holds it
 * holds all before it (safety rule 12).
 */
export interface AppliedResult<Result> {
  readonly kind: 'applied';
  readonly result: Result;
  readonly index: LogIndex;
  readonly firstIndex: LogIndex;
}

/** As `applied`, by an earlier entry, but the answer was too large to be remembered. */
export interface AnswerForgottenResult {
  readonly kind: 'answerForgotten';
  readonly index: LogIndex;
  readonly firstIndex: LogIndex;
}

/** Not applied by this entry: the client has said that it has this command's answer. */
export interface StaleResult {
  readonly kind: 'stale';
  readonly acknowledgedBelow: number;
}

/**
 * Not applied by this entry: the session has too many answers to remember, or too much. The same
 * sequence may be tried again once answers have been acknowledged; the lowest always gets through.
 */
export interface WindowFullResult {
  readonly kind: 'windowFull';
  readonly limit: 'count' | 'bytes';
  readonly acknowledgedBelow: number;
}

/**
 * Not applied by this entry: there is no such session (any more). What became of the session's
 * commands that were not answered is unknown, and nothing may be sent again by itself (safety rule
 * 13).
 */
export interface SessionExpiredResult {
  readonly kind: 'sessionExpired';
}

/** `session` is the index of the entry that opened it; earlier than `index` for a repeated one. */
export interface SessionOpenedResult {
  readonly kind: 'sessionOpened';
  readonly session: LogIndex;
  readonly index: LogIndex;
  /** What was granted, which may differ from what was asked for. */
  readonly ttlMs: number;
  /** How far sequence numbers may run ahead. */
  readonly maxWindow: number;
}

/** Nothing was opened. Try again later: sessions end. */
export interface TooManySessionsResult {
  readonly kind: 'tooManySessions';
  readonly maxSessions: number;
}

export interface SessionClosedResult {
  readonly kind: 'sessionClosed';
  /** False: it had been closed, or had expired, before. */
  readonly wasOpen: boolean;
}

export interface KeptAliveResult {
  readonly kind: 'keptAlive';
  /** Those of the sessions named that are not there (any more). */
  readonly expired: readonly LogIndex[];
}

export interface TickedResult {
  readonly kind: 'ticked';
}

export interface LimitsSetResult {
  readonly kind: 'limitsSet';
}

/** No version that knows these sessions writes such a command. Nothing was changed. */
export interface MalformedCommandResult {
  readonly kind: 'malformed';
  readonly reason: string;
}

/** What applying one session command answers. */
export type SessionResult<Result> =
  | AppliedResult<Result>
  | AnswerForgottenResult
  | StaleResult
  | WindowFullResult
  | SessionExpiredResult
  | SessionOpenedResult
  | TooManySessionsResult
  | SessionClosedResult
  | KeptAliveResult
  | TickedResult
  | LimitsSetResult
  | MalformedCommandResult;
