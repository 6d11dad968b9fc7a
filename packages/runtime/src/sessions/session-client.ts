import { assert, present } from '@quorate/base';
import type { LogIndex } from '@quorate/schema';
import { type BackoffOptions, pauseMs } from './backoff.ts';
import { ClientCommands, type CommandOutcome } from './client-commands.ts';
import type { SessionAnswer } from './session-answer.ts';
import { encodeSessionCommand, type SessionCommand } from './session-command.ts';
import type { SessionOpenedResult } from './session-result.ts';

/**
 * `ttlMs` is what is asked for; the group may grant another, within its limits. `backoff` paces
 * what is sent again.
 */
export interface SessionClientOptions {
  readonly ttlMs: number;
  /** 8 to 32 bytes that no other client draws: random ones. Makes a repeated opening harmless. */
  readonly nonce: Uint8Array;
  /** Commands without an outcome at a time. */
  readonly maxOutstanding: number;
  readonly backoff: BackoffOptions;
}

/** To be proposed, on any node; `answered` is called for it exactly once. */
export interface SessionSend {
  readonly id: number;
  readonly command: Uint8Array;
}

type Control = 'openSession' | 'keepAlive' | 'closeSession';

interface Flight {
  /** A control's name or a command's sequence. */
  readonly what: Control | number;
  readonly sentMs: number;
}

/**
 * - `opening`: commands are taken and wait.
 * - `expired`: final. Commands without an answer have an unknown outcome; nothing is sent again.
 * - `closed`: final.
 */
export type SessionClientState = 'opening' | 'open' | 'expired' | 'closed';

/**
 * The client's half of a session: numbers commands, says what it has answers to, keeps the session
 * alive, and sends again what may be sent again. A command whose outcome is unknown may, under its
 * old number, for as long as the session lives: it is applied once all the same. When the session
 * has expired, that is no longer so, and the outcome is handed up as unknown (safety rule 13).
 *
 * Does no I/O and reads no clock. The caller sends what `takeSends` gives and reports each answer
 * by `answered`; calls `takeSends` again after each call, and when `deadlineMs` has come; and takes
 * outcomes. All times are monotonic milliseconds.
 *
 * @typeParam Result what the state machine within answers
 */
export class SessionClient<Result> {
  readonly #options: SessionClientOptions;
  readonly #commands: ClientCommands<Result>;
  readonly #flights: Map<number, Flight> = new Map();
  #nextSend = 1;
  #state: SessionClientState = 'opening';
  #closing = false;
  #opened: SessionOpenedResult | null = null;
  /** The session was heard of no earlier: when the last attempt that was answered was made. */
  #contactMs = 0;
  /** One of them is on its way at a time. */
  #controlInFlight = false;
  #controlAtMs = 0;
  #controlFailures = 0;

  constructor(options: SessionClientOptions) {
    assert(options.nonce.length > 0, 'a client opens its session with a nonce');
    assert(options.maxOutstanding > 0, 'a client may have commands outstanding');
    this.#options = options;
    this.#commands = new ClientCommands(options.backoff);
  }

  get state(): SessionClientState {
    return this.#state;
  }

  /** 0 before it is open. */
  get session(): LogIndex {
    return this.#opened?.session ?? 0;
  }

  /**
   * @param command of the state machine within; not changed by anyone until it has its outcome
   * @param deadlineMs it is given up then, with the outcome that is known then
   * @returns its sequence; null: not taken, because too many are outstanding or the session ends
   */
  submit(command: Uint8Array, nowMs: number, deadlineMs: number): number | null {
    const takes = this.#state === 'opening' || this.#state === 'open';
    if (!takes || this.#closing) return null;
    if (this.#commands.count >= this.#options.maxOutstanding) return null;
    return this.#commands.submit(command, nowMs, deadlineMs);
  }

  /** No more commands are taken; the session is closed once all have their outcome. */
  close(): void {
    this.#closing = true;
  }

  /**
   * Nothing is sent any more, as when the node it proposes on has halted. What is on its way may
   * still be answered; the session ends by itself.
   */
  abandon(): void {
    this.#state = 'closed';
    this.#commands.end('closed');
  }

  /** What is to be proposed now. */
  takeSends(nowMs: number): readonly SessionSend[] {
    this.#commands.expire(nowMs);
    const sends: SessionSend[] = [];
    const control = this.#dueControl(nowMs);
    if (control !== null) {
      this.#controlInFlight = true;
      sends.push(this.#send(control, this.#controlCommand(control), nowMs));
    }
    if (this.#state !== 'open' || this.#opened === null) return sends;
    const { session, maxWindow } = this.#opened;
    const { acknowledgedBelow } = this.#commands;
    for (const { sequence, command } of this.#commands.takeDue(nowMs, maxWindow)) {
      const inSession = {
        kind: 'inSession',
        session,
        sequence,
        acknowledgedBelow,
        command,
      } as const;
      sends.push(this.#send(sequence, inSession, nowMs));
    }
    return sends;
  }

  /** @param id of a send whose answer this is, the only one */
  answered(id: number, answer: SessionAnswer<Result>, nowMs: number): void {
    const { what, sentMs } = present(this.#flights.get(id), 'a send is answered once');
    this.#flights.delete(id);
    if (typeof what !== 'number') {
      this.#controlInFlight = false;
      this.#controlAnswered(what, answer, sentMs, nowMs);
      return;
    }
    const isExpired = this.#commands.answered(what, answer, nowMs);
    if (isExpired) this.#expired();
    else if (answer.kind === 'result') this.#contactMs = Math.max(this.#contactMs, sentMs);
  }

  /** When to call `takeSends` at the latest; infinity: not before something else happens. */
  get deadlineMs(): number {
    const window = this.#state === 'open' ? (this.#opened?.maxWindow ?? 0) : 0;
    return Math.min(this.#commands.nextMs(window), this.#controlDueMs());
  }

  takeOutcomes(): readonly CommandOutcome<Result>[] {
    return this.#commands.takeOutcomes();
  }

  #send(what: Control | number, command: SessionCommand, sentMs: number): SessionSend {
    const id = this.#nextSend++;
    this.#flights.set(id, { what, sentMs });
    return { id, command: encodeSessionCommand(command) };
  }

  get #isDone(): boolean {
    return this.#closing && this.#commands.count === 0;
  }

  #dueControl(nowMs: number): Control | null {
    if (this.#controlDueMs() > nowMs) return null;
    if (this.#state === 'open') return this.#isDone ? 'closeSession' : 'keepAlive';
    if (!this.#isDone) return 'openSession';
    // If an attempt to open it did succeed after all, the session ends by itself.
    this.#state = 'closed';
    return null;
  }

  #controlDueMs(): number {
    const isOver = this.#state === 'expired' || this.#state === 'closed';
    if (isOver || this.#controlInFlight) return Number.POSITIVE_INFINITY;
    if (this.#opened === null || this.#isDone) return this.#controlAtMs;
    // Two more attempts fit before the session's end.
    const keepAliveAtMs = this.#contactMs + Math.floor(this.#opened.ttlMs / 3);
    return Math.max(this.#controlAtMs, keepAliveAtMs);
  }

  #controlCommand(control: Control): SessionCommand {
    const { ttlMs, nonce } = this.#options;
    if (control === 'openSession') return { kind: control, ttlMs, nonce };
    if (control === 'closeSession') return { kind: control, session: this.session };
    return { kind: control, sessions: [this.session] };
  }

  #controlAnswered(
    control: Control,
    answer: SessionAnswer<Result>,
    sentMs: number,
    nowMs: number,
  ): void {
    const result = answer.kind === 'result' ? answer.result : null;
    if (control === 'openSession' && result?.kind === 'sessionOpened') {
      this.#opened = result;
      this.#state = 'open';
    } else if (control === 'keepAlive' && result?.kind === 'keptAlive') {
      if (result.expired.length > 0) {
        this.#expired();
        return;
      }
    } else if (control === 'closeSession' && result?.kind === 'sessionClosed') {
      this.#state = 'closed';
      return;
    } else {
      const retryAfterMs = answer.kind === 'notAppended' ? answer.retryAfterMs : 0;
      const pause = pauseMs(this.#controlFailures, this.#options.backoff);
      this.#controlFailures += 1;
      this.#controlAtMs = nowMs + Math.max(retryAfterMs, pause);
      return;
    }
    this.#contactMs = Math.max(this.#contactMs, sentMs);
    this.#controlFailures = 0;
    this.#controlAtMs = nowMs;
  }

  #expired(): void {
    if (this.#state !== 'open') return;
    this.#state = 'expired';
    this.#commands.end('sessionExpired');
  }
}
