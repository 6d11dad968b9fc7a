import { decodeMessage, encodeMessage, type Init, ledger } from '@quorate/schema';
import type {
  CallMetadata,
  ClientStream,
  ClientTransport,
  StreamListener,
  TransportConnection,
  TransportEndpoint,
} from '../../src/transport/transport.ts';

/**
 * What becomes of a request: `applied` and answered; applied and its answer lost with the stream;
 * refused for now; refused because nobody knows, and applied, never applied, or applied later.
 */
export type Fate = 'applied' | 'lost' | 'refused' | 'unknown' | 'unknownApplied' | 'late';

interface Stream {
  readonly address: string;
  readonly listener: StreamListener;
  isOver: boolean;
}

interface FakeSession {
  readonly answers: Map<number, Uint8Array>;
  acknowledgedBelow: number;
}

const Kind = ledger.RefusalKind;
const unavailable = 14;

/** Servers of one ledger that only numbers what it is given, and remembers it by session. */
export class FakeBatches implements ClientTransport {
  /** The first byte of each batch that was carried out, in order. */
  readonly applied: number[] = [];
  readonly down = new Set<string>();
  leader = 'a:1';
  /** Of the next requests, in turn; then they are applied. */
  fates: Fate[] = [];
  maxInFlight = 4;
  maxWindow = 8;
  readonly sessions = new Map<number, FakeSession>();
  readonly streams: Stream[] = [];
  /** The most batches that were without an answer on one stream. */
  requests = 0;
  #byNonce = new Map<string, number>();
  #nextSession = 1;
  #late: (() => void)[] = [];

  endpoint(address: string): TransportEndpoint {
    return {
      address,
      connect: async () => (this.down.has(address) ? null : this.#connection(address)),
      close: () => undefined,
    };
  }

  /** Every stream to a server breaks. */
  cut(address: string): void {
    for (const stream of this.streams) if (stream.address === address) this.#end(stream);
  }

  lead(address: string): void {
    this.leader = address;
    for (const stream of this.streams) this.#hello(stream);
  }

  expireSessions(): void {
    this.sessions.clear();
    this.#byNonce.clear();
  }

  /** What was to be applied later is. */
  catchUp(): void {
    for (const apply of this.#late.splice(0)) apply();
  }

  #connection(address: string): TransportConnection {
    return {
      call: () => Promise.resolve({ code: unavailable, reason: 'only streams here' }),
      stream: (_path: string, _metadata: CallMetadata, listener: StreamListener): ClientStream => {
        const stream = { address, listener, isOver: false };
        this.streams.push(stream);
        queueMicrotask(() => this.#hello(stream));
        return {
          send: (bytes) => queueMicrotask(() => this.#received(stream, bytes)),
          cancel: () => {
            stream.isOver = true;
          },
        };
      },
    };
  }

  #hello(stream: Stream): void {
    const id = (address: string): bigint => BigInt(address.charCodeAt(0));
    const { maxInFlight } = this;
    const ids = { node: id(stream.address), leader: id(this.leader) };
    this.#answer(stream, 0, { hello: { ...ids, term: 1, maxInFlight, maxInFlightBytes: 1000 } });
  }

  #end(stream: Stream): void {
    if (stream.isOver) return;
    stream.isOver = true;
    stream.listener.ended(unavailable, 'the connection broke');
  }

  #answer(stream: Stream, number: number, body: Omit<Init<ledger.BatchesAnswer>, 'number'>): void {
    if (stream.isOver) return;
    stream.listener.message(encodeMessage(ledger.BatchesAnswer, { number, ...body }));
  }

  #refuse(stream: Stream, number: number, kind: number): void {
    this.#answer(stream, number, { refusal: { kind, reason: `kind ${kind}`, retryAfterMs: 1 } });
  }

  #received(stream: Stream, bytes: Uint8Array): void {
    if (stream.isOver) return;
    this.requests += 1;
    const request = decodeMessage(ledger.BatchesRequest, bytes);
    if (request === null) throw new Error('a request is one');
    const { number } = request;
    const fate = this.fates.shift() ?? 'applied';
    switch (fate) {
      case 'applied':
        this.#answer(stream, number, this.#apply(request));
        break;
      case 'lost':
        this.#apply(request);
        this.#end(stream);
        break;
      case 'refused':
        this.#refuse(stream, number, Kind.REFUSAL_KIND_RETRY);
        break;
      case 'unknownApplied':
        this.#apply(request);
        this.#refuse(stream, number, Kind.REFUSAL_KIND_OUTCOME_UNKNOWN);
        break;
      case 'late':
        this.#late.push(() => this.#apply(request));
        this.#refuse(stream, number, Kind.REFUSAL_KIND_OUTCOME_UNKNOWN);
        break;
      case 'unknown':
        this.#refuse(stream, number, Kind.REFUSAL_KIND_OUTCOME_UNKNOWN);
    }
  }

  #apply(request: ledger.BatchesRequest): Omit<Init<ledger.BatchesAnswer>, 'number'> {
    const { openSession, session, sequence, acknowledgedBelow } = request;
    if (openSession !== null) return this.#open(openSession.nonce, openSession.ttlMs);
    const found = this.sessions.get(session);
    const refusal = (kind: number) => ({ refusal: { kind, reason: `kind ${kind}` } });
    if (found === undefined) return refusal(Kind.REFUSAL_KIND_SESSION_EXPIRED);
    if (request.keepAlive !== null) return { keptAlive: {} };
    if (request.closeSession !== null) {
      this.sessions.delete(session);
      return { sessionClosed: {} };
    }
    if (acknowledgedBelow > found.acknowledgedBelow) found.acknowledgedBelow = acknowledgedBelow;
    for (const one of found.answers.keys()) {
      if (one < found.acknowledgedBelow) found.answers.delete(one);
    }
    const known = found.answers.get(sequence);
    if (known !== undefined) return { results: known };
    if (sequence < found.acknowledgedBelow) return refusal(Kind.REFUSAL_KIND_ANSWER_FORGOTTEN);
    if (sequence >= found.acknowledgedBelow + this.maxWindow)
      return refusal(Kind.REFUSAL_KIND_RETRY);
    const batch = request.transfers ?? request.accounts;
    if (batch === null) return refusal(Kind.REFUSAL_KIND_MALFORMED);
    const [first = 0] = batch;
    this.applied.push(first);
    const results = Uint8Array.of(first, this.applied.length);
    found.answers.set(sequence, results);
    return { results };
  }

  #open(nonce: Uint8Array, ttlMs: number): Omit<Init<ledger.BatchesAnswer>, 'number'> {
    const key = nonce.join();
    const session = this.#byNonce.get(key) ?? this.#nextSession++;
    this.#byNonce.set(key, session);
    if (!this.sessions.has(session)) {
      this.sessions.set(session, { answers: new Map(), acknowledgedBelow: 1 });
    }
    return { sessionOpened: { session, ttlMs, maxWindow: this.maxWindow } };
  }
}
