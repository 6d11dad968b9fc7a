import type { Timer } from '@quorate/base';
import { decodeMessage, encodeMessage, type Init, ledger } from '@quorate/schema';
import { backoffMs } from '../calls/backoff.ts';
import { ResumingStream, type StreamContext, type StreamOwner } from '../calls/resuming-stream.ts';
import { ClientError, clientClosed, noAnswerInTime, refused } from '../client-error.ts';
import { triedText } from '../transport/tried-endpoints.ts';
import { LeaderPursuit } from './leader-pursuit.ts';
import { batchesPath } from './ledger-queries.ts';
import { type OutstandingBatch, OutstandingBatches } from './outstanding-batches.ts';

const Kind = ledger.RefusalKind;

/** A server that refuses a batch so often in a row does not know that there is another leader. */
const patientRefusals = 20;

/** How long `close` waits for the cluster to forget the session. */
const farewellMs = 500;

const invalidArgument = 3;

export interface BatchSessionOptions {
  readonly context: StreamContext;
  /** For one batch, everything included. */
  readonly timeoutMs: number;
  readonly ttlMs: number;
  readonly followLeader: boolean;
  /** 8 to 32 random bytes, others each time. */
  readonly nonce: () => Uint8Array;
  /** One batch more has its outcome. */
  readonly settled: () => void;
}

interface OpenedSession {
  readonly id: number;
  readonly ttlMs: number;
  readonly maxWindow: number;
}

/**
 * The client's half of the exactly-once: numbers batches within a session of the cluster's, keeps
 * the session alive, and sends again, on whichever stream there is, what has no answer.
 */
export class BatchSession implements StreamOwner {
  readonly #options: BatchSessionOptions;
  readonly #stream: ResumingStream;
  readonly #pursuit: LeaderPursuit;
  readonly #batches = new OutstandingBatches();
  /** By the number of the request: the batch that was sent. */
  #sent = new Map<number, OutstandingBatch>();
  #nextNumber = 1;
  /** Of the present stream; null: it has not said hello, or is not where batches should go. */
  #hello: ledger.Hello | null = null;
  #session: OpenedSession | null = null;
  #nonce: Uint8Array | null = null;
  /** The number of the request that opens or keeps the session; 0: none is under way. */
  #control = 0;
  #controlAtMs = 0;
  #controlRefusals = 0;
  /** The last request in the session that was answered was sent no earlier. */
  #contactMs = 0;
  #timer: Timer | null = null;
  #farewell: (() => void) | null = null;
  #isClosed = false;

  constructor(options: BatchSessionOptions) {
    this.#options = options;
    this.#stream = new ResumingStream(batchesPath, options.context, this);
    const servers = options.context.endpoints.all.length;
    this.#pursuit = new LeaderPursuit(options.followLeader ? servers : 1);
  }

  /** Without an outcome. */
  get count(): number {
    return this.#batches.count;
  }

  /**
   * @param bytes of a batch; not changed by anyone any more
   * @returns its results, as they came
   * @throws ClientError, as `LedgerClient.submitTransfers` does
   */
  submit(kind: OutstandingBatch['kind'], bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(clientClosed());
    const nowMs = this.#nowMs;
    return new Promise((fulfil, reject) => {
      const fresh = { sendAtMs: 0, refusals: 0, isInFlight: false, wasSent: false };
      const deadlineMs = nowMs + this.#options.timeoutMs;
      this.#batches.add({ kind, bytes, deadlineMs, ...fresh, fulfil, reject });
      this.#stream.open();
      this.#step();
    });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const isIdle = this.#batches.count === 0;
    for (const one of this.#batches.takeAll()) this.#abandon(one, 'the client was closed');
    this.#timer?.cancel();
    if (isIdle) await this.#sayFarewell();
    this.#stream.close();
  }

  opened(): void {
    this.#hello = null;
  }

  message(bytes: Uint8Array): void {
    const answer = decodeMessage(ledger.BatchesAnswer, bytes);
    if (answer === null) this.#stream.restart();
    else if (answer.hello !== null) this.#greeted(answer.hello);
    else if (answer.number === this.#control) this.#controlAnswered(answer);
    else this.#batchAnswered(answer);
    this.#step();
  }

  lost(): void {
    this.#ground();
    this.#step();
  }

  failed(error: ClientError): void {
    this.#ground();
    for (const one of this.#batches.takeAll()) {
      if (one.wasSent) this.#abandon(one, error.message);
      else this.#reject(one, error);
    }
  }

  get #nowMs(): number {
    return this.#options.context.ports.clock.monotonicMs();
  }

  /** Nothing that was sent will be answered where it was sent. */
  #ground(): void {
    this.#hello = null;
    this.#control = 0;
    this.#sent = new Map();
    this.#batches.grounded();
  }

  #greeted(hello: ledger.Hello): void {
    if (this.#pursuit.movesOn(hello)) {
      this.#stream.restart();
      return;
    }
    this.#hello = hello;
    if (hello.leader === hello.node) {
      const { endpoints } = this.#options.context;
      endpoints.prefer(endpoints.of(this.#stream.address));
    }
  }

  /** Sends what may be sent, and sees to it that it is called again in time. */
  #step(): void {
    if (this.#isClosed) return;
    const nowMs = this.#nowMs;
    for (const one of this.#batches.takeLate(nowMs)) this.#late(one);
    this.#sendControl(nowMs);
    const session = this.#session;
    const hello = this.#hello;
    if (session !== null && hello !== null) {
      const { maxInFlightBytes } = hello;
      // One is left for keeping the session.
      const maxInFlight = Math.max(1, hello.maxInFlight - 1);
      const limits = { maxInFlight, maxInFlightBytes, maxWindow: session.maxWindow };
      let batch = this.#batches.take(nowMs, limits);
      for (; batch !== null; batch = this.#batches.take(nowMs, limits)) {
        this.#sendBatch(session, batch);
      }
    }
    this.#timer?.cancel();
    const atMs = Math.min(this.#batches.nextMs(nowMs), this.#controlDueMs());
    if (atMs === Number.POSITIVE_INFINITY) return;
    const { timers } = this.#options.context.ports;
    this.#timer = timers.after(Math.max(1, atMs - nowMs), () => this.#step());
  }

  #sendBatch({ id }: OpenedSession, batch: OutstandingBatch): void {
    const { sequence, kind, bytes } = batch;
    const { acknowledgedBelow } = this.#batches;
    const number = this.#send({ session: id, sequence, acknowledgedBelow, [kind]: bytes });
    this.#sent.set(number, batch);
  }

  #send(request: Omit<Init<ledger.BatchesRequest>, 'number'>): number {
    const number = this.#nextNumber++;
    this.#stream.send(encodeMessage(ledger.BatchesRequest, { ...request, number }));
    return number;
  }

  #controlDueMs(): number {
    const isWanted = this.#session !== null || this.#batches.count > 0;
    if (this.#control !== 0 || this.#hello === null || !isWanted) return Number.POSITIVE_INFINITY;
    if (this.#session === null) return this.#controlAtMs;
    // Two more attempts fit before the session's end.
    return Math.max(this.#controlAtMs, this.#contactMs + Math.floor(this.#session.ttlMs / 3));
  }

  #sendControl(nowMs: number): void {
    if (this.#controlDueMs() > nowMs) return;
    this.#contactMs = nowMs;
    const session = this.#session;
    if (session === null) {
      this.#nonce ??= this.#options.nonce();
      const openSession = { ttlMs: this.#options.ttlMs, nonce: this.#nonce };
      this.#control = this.#send({ openSession });
    } else this.#control = this.#send({ session: session.id, keepAlive: {} });
  }

  #controlAnswered({ sessionOpened, sessionClosed, refusal }: ledger.BatchesAnswer): void {
    this.#control = 0;
    if (sessionClosed !== null) this.#farewell?.();
    else if (refusal !== null) this.#controlRefused(refusal);
    else {
      this.#controlRefusals = 0;
      this.#stream.accepted();
      if (sessionOpened === null) return;
      const { session: id, ttlMs, maxWindow } = sessionOpened;
      this.#session = { id, ttlMs, maxWindow };
    }
  }

  #controlRefused(refusal: ledger.Refusal): void {
    this.#farewell?.();
    if (refusal.kind === Kind.REFUSAL_KIND_SESSION_EXPIRED) this.#expired(refusal.reason);
    else {
      this.#controlRefusals += 1;
      this.#controlAtMs = this.#nowMs + this.#pauseMs(this.#controlRefusals, refusal);
      this.#moveIfUnhelpful(refusal, this.#controlRefusals);
    }
  }

  #batchAnswered({ number, results, refusal }: ledger.BatchesAnswer): void {
    const batch = this.#sent.get(number);
    this.#sent.delete(number);
    if (batch === undefined) return;
    // Its time was over, or that of its session.
    if (this.#batches.of(batch.sequence) !== batch) this.#batches.land(batch);
    else if (results !== null) {
      this.#contactMs = this.#nowMs;
      this.#stream.accepted();
      this.#batches.end(batch);
      batch.fulfil(results);
      this.#options.settled();
    } else if (refusal !== null) this.#batchRefused(batch, refusal);
  }

  #batchRefused(batch: OutstandingBatch, refusal: ledger.Refusal): void {
    const { address } = this.#stream;
    switch (refusal.kind) {
      case Kind.REFUSAL_KIND_MALFORMED:
      case Kind.REFUSAL_KIND_TOO_LARGE:
        this.#batches.end(batch);
        this.#reject(batch, refused(address, invalidArgument, refusal.reason));
        break;
      case Kind.REFUSAL_KIND_SESSION_EXPIRED:
        this.#batches.land(batch);
        this.#expired(refusal.reason);
        break;
      case Kind.REFUSAL_KIND_ANSWER_FORGOTTEN:
        this.#batches.end(batch);
        this.#abandon(batch, refusal.reason);
        break;
      default:
        this.#batches.again(batch, this.#nowMs + this.#pauseMs(batch.refusals + 1, refusal));
        this.#moveIfUnhelpful(refusal, batch.refusals);
    }
  }

  /** A server that does not know what became of a batch has lost the others. */
  #moveIfUnhelpful({ kind }: ledger.Refusal, refusals: number): void {
    const isLost = kind === Kind.REFUSAL_KIND_OUTCOME_UNKNOWN;
    if (isLost || refusals % patientRefusals === 0) this.#stream.restart();
  }

  #pauseMs(round: number, { retryAfterMs }: ledger.Refusal): number {
    return Math.max(retryAfterMs, backoffMs(round, this.#options.context.ports.random));
  }

  /** What was sent may have been carried out or not, and may not be sent again (rule 13). */
  #expired(reason: string): void {
    this.#session = null;
    this.#nonce = null;
    for (const one of this.#batches.takeSent()) this.#abandon(one, reason);
  }

  #late(batch: OutstandingBatch): void {
    if (batch.wasSent) {
      this.#abandon(batch, noAnswerInTime);
      return;
    }
    const { all } = this.#options.context.endpoints;
    const endpoints = all.map(({ address }) => address);
    const message =
      `no server of ${triedText(all)} took the batch in time: check that the cluster runs, ` +
      'has a majority, and that the endpoints are its client addresses';
    this.#reject(batch, new ClientError('CLIENT_UNREACHABLE', message, { endpoints }));
  }

  #abandon(batch: OutstandingBatch, reason: string): void {
    const endpoint = this.#stream.address;
    const message =
      `whether the batch was carried out is not known (${reason}): send the same ids again, ` +
      '`exists` then tells what had been';
    const outcome = { endpoint, reason };
    this.#reject(
      batch,
      batch.wasSent ? new ClientError('CLIENT_OUTCOME_UNKNOWN', message, outcome) : clientClosed(),
    );
  }

  #reject(batch: OutstandingBatch, error: ClientError): void {
    batch.reject(error);
    this.#options.settled();
  }

  async #sayFarewell(): Promise<void> {
    const session = this.#session;
    if (session === null || this.#hello === null) return;
    await new Promise<void>((fulfil) => {
      const timer = this.#options.context.ports.timers.after(farewellMs, fulfil);
      this.#farewell = () => {
        timer.cancel();
        fulfil();
      };
      this.#control = this.#send({ session: session.id, closeSession: {} });
    });
  }
}
