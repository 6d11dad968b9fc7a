import type { LogIndex } from '@quorate/schema';
import { type BackoffOptions, pauseMs } from './backoff.ts';
import type { SessionAnswer } from './session-answer.ts';
import type { SessionResult } from './session-result.ts';

/** Why a command is given up. */
export type GivenUpReason =
  | 'sessionExpired'
  | 'deadline'
  | 'closed'
  | 'tooLarge'
  | 'malformed'
  /** The answer was none that a command gets. */
  | 'answerUnusable';

/** What became of a command; each gets exactly one. */
export type CommandOutcome<Result> =
  | {
      readonly kind: 'applied';
      readonly sequence: number;
      readonly result: Result;
      /** Of the entry that was answered. */
      readonly index: LogIndex;
      /** Of the entry that was applied. */
      readonly firstIndex: LogIndex;
    }
  /** Applied once; its answer was too large to be kept for a repetition. */
  | {
      readonly kind: 'answerForgotten';
      readonly sequence: number;
      readonly index: LogIndex;
      readonly firstIndex: LogIndex;
    }
  /** Not applied, and never will be. */
  | { readonly kind: 'notApplied'; readonly sequence: number; readonly reason: GivenUpReason }
  /** Applied, or yet to be, or never. Not a failure; read before deciding to do it again. */
  | { readonly kind: 'outcomeUnknown'; readonly sequence: number; readonly reason: GivenUpReason };

interface Outstanding {
  readonly sequence: number;
  readonly command: Uint8Array;
  readonly deadlineMs: number;
  sendAtMs: number;
  failures: number;
  /** An attempt waits for its answer; there is one at a time. */
  inFlight: boolean;
  /** An earlier attempt's outcome is unknown. */
  maybeApplied: boolean;
}

/** A command that is to be sent (again). */
interface DueCommand {
  readonly sequence: number;
  readonly command: Uint8Array;
}

/** The commands of one client session that have no outcome yet, from the client's side. */
export class ClientCommands<Result> {
  readonly #backoff: BackoffOptions;
  /** By sequence, ascending. */
  readonly #outstanding: Map<number, Outstanding> = new Map();
  #nextSequence = 1;
  #outcomes: CommandOutcome<Result>[] = [];
  #ended = false;

  constructor(backoff: BackoffOptions) {
    this.#backoff = backoff;
  }

  get count(): number {
    return this.#outstanding.size;
  }

  /** All commands below have their outcome, also those that were given up. */
  get acknowledgedBelow(): number {
    const [lowest] = this.#outstanding.keys();
    return lowest ?? this.#nextSequence;
  }

  submit(command: Uint8Array, nowMs: number, deadlineMs: number): number {
    const sequence = this.#nextSequence++;
    this.#outstanding.set(sequence, {
      sequence,
      command,
      deadlineMs,
      sendAtMs: nowMs,
      failures: 0,
      inFlight: false,
      maybeApplied: false,
    });
    return sequence;
  }

  /** @returns what is to be sent now; each counts as sent from here on */
  takeDue(nowMs: number, maxWindow: number): readonly DueCommand[] {
    const due: DueCommand[] = [];
    const end = this.acknowledgedBelow + maxWindow;
    for (const one of this.#outstanding.values()) {
      if (one.sequence >= end) break;
      if (one.inFlight || one.sendAtMs > nowMs) continue;
      one.inFlight = true;
      due.push(one);
    }
    return due;
  }

  /**
   * The attempt at `sequence` has its answer.
   *
   * @returns true when the answer says that the session is no more
   */
  answered(sequence: number, answer: SessionAnswer<Result>, nowMs: number): boolean {
    const one = this.#outstanding.get(sequence);
    // One that was given up meanwhile has its outcome; what its answer says of the session counts.
    if (one === undefined) return isExpiry(answer);
    one.inFlight = false;
    switch (answer.kind) {
      case 'result':
        return this.#resulted(one, answer.result, nowMs);
      case 'tooLarge':
        this.#giveUp(one, 'tooLarge');
        return false;
      case 'outcomeUnknown':
        one.maybeApplied = true;
        this.#again(one, nowMs, 0);
        return false;
      default:
        this.#again(one, nowMs, answer.retryAfterMs);
        return false;
    }
  }

  expire(nowMs: number): void {
    for (const one of this.#outstanding.values())
      if (one.deadlineMs <= nowMs) this.#giveUp(one, 'deadline');
  }

  /** Nothing is sent any more. Attempts that are on their way may still bring an answer. */
  end(reason: GivenUpReason): void {
    this.#ended = true;
    for (const one of this.#outstanding.values()) if (!one.inFlight) this.#giveUp(one, reason);
  }

  /** When `expire` or, if commands may be sent, `takeDue` has something to do; may be infinity. */
  nextMs(maxWindow: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    const end = this.acknowledgedBelow + maxWindow;
    for (const one of this.#outstanding.values()) {
      nextMs = Math.min(nextMs, one.deadlineMs);
      if (!one.inFlight && one.sequence < end) nextMs = Math.min(nextMs, one.sendAtMs);
    }
    return nextMs;
  }

  takeOutcomes(): readonly CommandOutcome<Result>[] {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    return outcomes;
  }

  #resulted(one: Outstanding, result: SessionResult<Result>, nowMs: number): boolean {
    const { sequence } = one;
    switch (result.kind) {
      case 'applied':
      case 'answerForgotten':
        this.#outstanding.delete(sequence);
        this.#outcomes.push({ ...result, sequence });
        return false;
      case 'windowFull':
        this.#again(one, nowMs, 0);
        return false;
      case 'sessionExpired':
        this.#giveUp(one, 'sessionExpired');
        return true;
      case 'malformed':
        this.#giveUp(one, 'malformed');
        return false;
      default:
        one.maybeApplied = true;
        this.#giveUp(one, 'answerUnusable');
        return false;
    }
  }

  #again(one: Outstanding, nowMs: number, atLeastMs: number): void {
    if (this.#ended) {
      this.#giveUp(one, 'sessionExpired');
      return;
    }
    one.sendAtMs = nowMs + Math.max(atLeastMs, pauseMs(one.failures, this.#backoff));
    one.failures += 1;
  }

  #giveUp(one: Outstanding, reason: GivenUpReason): void {
    const { sequence } = one;
    this.#outstanding.delete(sequence);
    const kind = one.maybeApplied || one.inFlight ? 'outcomeUnknown' : 'notApplied';
    this.#outcomes.push({ kind, sequence, reason });
  }
}

function isExpiry(answer: SessionAnswer<unknown>): boolean {
  return answer.kind === 'result' && answer.result.kind === 'sessionExpired';
}
