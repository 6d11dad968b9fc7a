import { randomBytes } from 'node:crypto';
import { type Clock, Prng, type Timer, type Timers } from '@quorate/base';
import {
  type Applied,
  answerOfError,
  type CommandOutcome,
  type GroupHandle,
  RuntimeError,
  SessionClient,
  type SessionResult,
} from '@quorate/runtime';
import { NodeError } from '../node-error.ts';
import type { PreparedMachine } from './machine-forms.ts';

/**
 * All durations in milliseconds, whole numbers from 1. The group grants a `ttlMs` of 10 s to 24 h,
 * a little rounded up; in place of a shorter or longer one it grants the nearest of these.
 */
export interface SessionOptions {
  /** After so long without contact the group forgets the session. Default 60,000. */
  readonly ttlMs?: number;
  /** Proposals without an answer at a time; more are refused. Default 1024. */
  readonly maxOutstanding?: number;
  /** After which a proposal is given up. Default 30,000. */
  readonly timeoutMs?: number;
}

/**
 * Proposals that are applied exactly once: one that may have been lost is sent again under its
 * number, to whoever leads then, and answered with the answer of the first time.
 *
 * The session is kept alive until it is closed. One that expired (the process was away longer than
 * its time to live) says so: what was under way then has an unknown outcome.
 */
export interface Session<Command, Result> extends AsyncDisposable {
  /**
   * @throws RuntimeError RUNTIME_OUTCOME_UNKNOWN; NodeError NODE_NOT_APPLIED, with the reason, when
   *   it was not applied and never will be; RuntimeError RUNTIME_HALTED once the node has halted
   */
  propose(command: Command): Promise<Applied<Result>>;
  /** Once all proposals have their outcome. */
  close(): Promise<void>;
}

interface Waiting {
  readonly fulfil: (applied: Applied<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

export interface SessionParts {
  readonly handle: Pick<GroupHandle<SessionResult<unknown>>, 'propose'>;
  readonly machine: PreparedMachine;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The session is over, one way or another. */
  readonly ended: (session: RunningSession) => void;
}

const backoffMs = { minPauseMs: 20, maxPauseMs: 1000 };

export class RunningSession implements Session<unknown, unknown> {
  readonly #parts: SessionParts;
  readonly #client: SessionClient<unknown>;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closing: (() => void)[] = [];
  #timer: Timer | null = null;
  #isStepping = false;
  #isAbandoned = false;
  #isDraining = false;
  /** The node has halted: its own error says why. */
  #halted: RuntimeError | null = null;

  constructor(parts: SessionParts, options: SessionOptions) {
    const { ttlMs = 60_000, maxOutstanding = 1024, timeoutMs = 30_000 } = options;
    this.#parts = parts;
    this.#timeoutMs = timeoutMs;
    const nonce = randomBytes(16);
    const prng = new Prng(nonce.readUIntBE(0, 6));
    this.#client = new SessionClient({
      ttlMs,
      maxOutstanding,
      nonce: Uint8Array.from(nonce),
      backoff: { ...backoffMs, prng },
    });
    this.#step();
  }

  async propose(command: unknown): Promise<Applied<unknown>> {
    const bytes = this.#parts.machine.encode(command);
    if (this.#isAbandoned || this.#isDraining) throw this.#refusal();
    const nowMs = this.#nowMs;
    const sequence = this.#client.submit(bytes, nowMs, nowMs + this.#timeoutMs);
    if (sequence === null) throw this.#refusal();
    const applied = new Promise<Applied<unknown>>((fulfil, reject) => {
      this.#waiting.set(sequence, { fulfil, reject });
    });
    this.#step();
    const { index, result } = await applied;
    return { index, result: this.#parts.machine.resultOf(result) };
  }

  close(): Promise<void> {
    this.#client.close();
    const closed = new Promise<void>((fulfil) => this.#closing.push(fulfil));
    this.#step();
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Whether this is the replica that its commands go through. */
  isOf(handle: SessionParts['handle']): boolean {
    return this.#parts.handle === handle;
  }

  /**
   * The node is closing: nothing new is taken.
   *
   * @returns how many commands have no outcome yet
   */
  drain(): number {
    this.#isDraining = true;
    return this.#isAbandoned ? 0 : this.#waiting.size;
  }

  /** The node is closing: nothing more is sent, and what is under way has an unknown outcome. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#timer?.cancel();
    for (const { reject } of this.#waiting.values()) reject(unknown('the node is closing'));
    this.#waiting.clear();
    for (const closed of this.#closing.splice(0)) closed();
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #refusal(): NodeError | RuntimeError {
    const { state } = this.#client;
    if (this.#halted !== null) return this.#halted;
    if (this.#isAbandoned || this.#isDraining) return notApplied('the node is closing');
    const reason = state === 'opening' || state === 'open' ? 'tooManyOutstanding' : state;
    return notApplied(reason);
  }

  /** Sends what is due, hands outcomes up, and sees to it that it is called again in time. */
  #step(): void {
    if (this.#isStepping || this.#isAbandoned) return;
    this.#isStepping = true;
    const sends = this.#client.takeSends(this.#nowMs);
    for (const { id, command } of sends) {
      this.#parts.handle.propose(command, (error, applied) => {
        const answer =
          error === null && applied !== null
            ? ({ kind: 'result', result: applied.result } as const)
            : answerOfError(error ?? missingAnswer());
        if (this.#isAbandoned) return;
        if (error?.code === 'RUNTIME_HALTED') {
          this.#halted = error;
          this.#client.abandon();
          this.#client.answered(id, { kind: 'notAppended', retryAfterMs: 0 }, this.#nowMs);
        } else {
          this.#client.answered(id, answer, this.#nowMs);
        }
        this.#step();
      });
    }
    this.#isStepping = false;
    for (const outcome of this.#client.takeOutcomes()) this.#settle(outcome);
    this.#timer?.cancel();
    const { state, deadlineMs } = this.#client;
    const isOver = state === 'closed' || state === 'expired';
    if (isOver && this.#waiting.size === 0) {
      for (const closed of this.#closing.splice(0)) closed();
      this.#parts.ended(this);
    } else if (deadlineMs !== Number.POSITIVE_INFINITY) {
      const delayMs = Math.max(0, deadlineMs - this.#nowMs);
      this.#timer = this.#parts.timers.after(delayMs, () => this.#step());
    }
  }

  #settle(outcome: CommandOutcome<unknown>): void {
    const waiting = this.#waiting.get(outcome.sequence);
    this.#waiting.delete(outcome.sequence);
    if (waiting === undefined) return;
    switch (outcome.kind) {
      case 'applied':
        waiting.fulfil({ index: outcome.firstIndex, result: outcome.result });
        break;
      case 'answerForgotten':
        waiting.reject(answerForgotten(outcome.firstIndex));
        break;
      case 'notApplied':
        waiting.reject(this.#halted ?? notApplied(outcome.reason));
        break;
      case 'outcomeUnknown':
        waiting.reject(unknown(outcome.reason));
    }
  }
}

/** `propose` answers with one or the other. */
function missingAnswer(): RuntimeError {
  return unknown('neither an answer nor an error');
}

function notApplied(reason: string): NodeError {
  const message = `the command was not applied and never will be: ${reason}`;
  return new NodeError('NODE_NOT_APPLIED', message, { reason });
}

function answerForgotten(index: number): NodeError {
  const message =
    `the command was applied, at index ${index}; its answer was too large to be kept for a ` +
    'repetition, and the first one was lost on the way';
  return new NodeError('NODE_ANSWER_FORGOTTEN', message, { index });
}

function unknown(reason: string): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    `It is not known whether the command was applied (${reason}). Read before deciding to do it ` +
      'again.',
    { reason: 'session' },
  );
}
