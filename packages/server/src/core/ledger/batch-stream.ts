import type { RuntimeError } from '@quorate/runtime';
import { type Applied, encodeSessionCommand, type SessionCommand } from '@quorate/runtime';
import { decodeMessage, encodeMessage, type Init, ledger } from '@quorate/schema';
import type { StreamCall, StreamListener } from '../method.ts';
import type { BatchIntake, Intake } from './batch-intake.ts';
import type { LedgerGroup, LedgerResult } from './ledger-group.ts';
import {
  type LedgerRefusal,
  malformed,
  refusalOfRuntime,
  refusals,
  rpcErrorOf,
} from './ledger-refusal.ts';
import type { ProposalGate } from './proposal-gate.ts';
import { answerOfResult } from './result-answer.ts';

/** What one stream may have without an answer; its client is told. */
export interface StreamLimits {
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
}

/** Enough to keep the log busy over a link of a few milliseconds. */
export const defaultStreamLimits: StreamLimits = {
  maxInFlight: 32,
  maxInFlightBytes: 16 * 1024 * 1024,
};

/** What all streams of a service share. */
export interface BatchStreamParts {
  readonly group: Pick<LedgerGroup, 'status'>;
  readonly gate: ProposalGate;
  readonly intake: BatchIntake;
  readonly limits: StreamLimits;
}

type Answer = Omit<Init<ledger.BatchesAnswer>, 'number'>;

const nonceBytes = { least: 8, most: 32 };
const longestTtlMs = 2 ** 31 - 1;

/**
 * One stream of batches. A request is answered when its command has been applied here, or with why
 * not; each by itself, so nothing waits for what came before it.
 */
export class BatchStream implements StreamListener {
  readonly #parts: BatchStreamParts;
  readonly #call: StreamCall;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** Answers that the client has not read, since `send` asked to wait. */
  #unread = 0;
  #isHalfClosed = false;
  #isOver = false;

  constructor(parts: BatchStreamParts, call: StreamCall) {
    this.#parts = parts;
    this.#call = call;
    this.hello();
  }

  /** Says who leads. */
  hello(): void {
    const { node, leader, term } = this.#parts.group.status();
    const { maxInFlight, maxInFlightBytes } = this.#parts.limits;
    const hello = { node: BigInt(node), leader: BigInt(leader), term, maxInFlight };
    this.#send(0, { hello: { ...hello, maxInFlightBytes } });
  }

  message(bytes: Uint8Array): void {
    const request = decodeMessage(ledger.BatchesRequest, bytes);
    if (request === null || request.number === 0) {
      this.#end(malformed('the message is no request of this stream'));
      return;
    }
    const { maxInFlight, maxInFlightBytes } = this.#parts.limits;
    const batchBytes = (request.transfers ?? request.accounts ?? noBytes).length;
    const isBeyond =
      this.#inFlight + this.#unread >= maxInFlight ||
      (this.#inFlight > 0 && this.#inFlightBytes + batchBytes > maxInFlightBytes);
    if (isBeyond) {
      const reason = `more is under way than the ${maxInFlight} requests that the stream may have`;
      this.#end({ ...refusals.overloaded, reason });
      return;
    }
    const { number } = request;
    const { command, refusal } = this.#commandOf(request);
    if (refusal !== null) this.#refuse(number, refusal);
    else this.#propose(number, command, batchBytes);
  }

  halfClosed(): void {
    this.#isHalfClosed = true;
    this.#endIfDone();
  }

  drained(): void {
    this.#unread = 0;
  }

  closed(): void {
    this.#isOver = true;
  }

  #propose(number: number, command: Uint8Array, bytes: number): void {
    this.#inFlight += 1;
    this.#inFlightBytes += bytes;
    const isTaken = this.#parts.gate.propose(command, (error, applied) => {
      this.#inFlight -= 1;
      this.#inFlightBytes -= bytes;
      this.#answer(number, error, applied);
      this.#endIfDone();
    });
    if (isTaken) return;
    this.#inFlight -= 1;
    this.#inFlightBytes -= bytes;
    this.#refuse(number, refusals.overloaded);
  }

  #answer(number: number, error: RuntimeError | null, applied: Applied<LedgerResult> | null): void {
    if (this.#isOver) return;
    if (applied === null) {
      this.#refuse(number, error === null ? refusals.unknown : refusalOfRuntime(error));
      return;
    }
    const answer = answerOfResult(applied.result);
    if ('kind' in answer) this.#refuse(number, answer);
    else this.#send(number, answer);
  }

  #refuse(number: number, { kind, reason, retryAfterMs }: LedgerRefusal): void {
    this.#send(number, { refusal: { kind, reason, retryAfterMs } });
  }

  #send(number: number, answer: Answer): void {
    if (this.#isOver) return;
    const bytes = encodeMessage(ledger.BatchesAnswer, { number, ...answer });
    if (!this.#call.send(bytes)) this.#unread += 1;
  }

  #end(refusal: LedgerRefusal): void {
    this.#isOver = true;
    this.#call.end(rpcErrorOf(refusal));
  }

  #endIfDone(): void {
    if (this.#isOver || !this.#isHalfClosed || this.#inFlight > 0) return;
    this.#isOver = true;
    this.#call.end(null);
  }

  #commandOf(request: ledger.BatchesRequest): Intake {
    const { transfers, accounts } = request;
    if (transfers === null && accounts === null) return controlOf(request);
    const refusal = placeRefusal(request);
    if (refusal !== null) return { command: null, refusal };
    const { intake } = this.#parts;
    const taken =
      transfers === null ? intake.accounts(accounts ?? noBytes) : intake.transfers(transfers);
    if (taken.command === null) return taken;
    const { command } = taken;
    const { session, sequence, acknowledgedBelow } = request;
    if (session === 0) return encoded({ kind: 'plain', command });
    return encoded({ kind: 'inSession', session, sequence, acknowledgedBelow, command });
  }
}

const noBytes = new Uint8Array(0);

function encoded(command: SessionCommand): Intake {
  return { command: encodeSessionCommand(command), refusal: null };
}

/** A batch's place in its session, if it says one. */
function placeRefusal(request: ledger.BatchesRequest): LedgerRefusal | null {
  const { session, sequence, acknowledgedBelow } = request;
  if (session === 0) return null;
  const isPlace = acknowledgedBelow >= 1 && acknowledgedBelow <= sequence;
  return isPlace ? null : malformed('a batch in a session has 1 <= acknowledged_below <= sequence');
}

function controlOf(request: ledger.BatchesRequest): Intake {
  const { session, openSession, keepAlive, closeSession } = request;
  if (openSession !== null) {
    const { ttlMs, nonce } = openSession;
    const { least, most } = nonceBytes;
    if (nonce.length < least || nonce.length > most) {
      return refused(`a nonce has ${least} to ${most} bytes, not ${nonce.length}`);
    }
    if (ttlMs < 1 || ttlMs > longestTtlMs) return refused(`a session cannot live ${ttlMs} ms`);
    return encoded({ kind: 'openSession', ttlMs, nonce });
  }
  if (keepAlive === null && closeSession === null) return refused('it asks for nothing known here');
  if (session === 0) return refused('it names no session');
  if (keepAlive !== null) return encoded({ kind: 'keepAlive', sessions: [session] });
  return encoded({ kind: 'closeSession', session });
}

function refused(reason: string): Intake {
  return { command: null, refusal: malformed(reason) };
}
