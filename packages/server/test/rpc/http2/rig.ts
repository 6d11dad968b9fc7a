import { Socket } from 'node:net';
import type { StreamCall, StreamListener, UnaryDone } from '../../../src/core/method.ts';
import { SharedLimit } from '../../../src/limits/shared-limit.ts';
import { Deadlines } from '../../../src/rpc/http2/grpc/deadlines.ts';
import type { CallHost } from '../../../src/rpc/http2/grpc/grpc-calls.ts';
import { GrpcRouter } from '../../../src/rpc/http2/grpc/grpc-router.ts';
import { defaultHttp2Limits, type Http2Limits } from '../../../src/rpc/http2/limits.ts';
import type { RequestHead } from '../../../src/rpc/http2/request-head.ts';
import {
  type ConnectionHost,
  type ConnectionShares,
  ServerConnection,
} from '../../../src/rpc/http2/server-connection.ts';
import type { ServerStream } from '../../../src/rpc/http2/server-stream.ts';
import { FrameLog, opening } from './frames.ts';

/** A unary call that waits for its answer. */
export interface HeldCall {
  readonly request: Buffer;
  readonly done: UnaryDone;
}

/** What connections share. */
export type SharedLimits = Readonly<Record<keyof ConnectionShares, SharedLimit>>;

function plenty(): SharedLimits {
  const limit = new SharedLimit(2 ** 40);
  return { answers: limit, requests: limit, calls: limit };
}

/** A connection without a socket, and a service that does as it is told. */
export class Rig implements ConnectionHost {
  readonly limits: Http2Limits;
  readonly connection: ServerConnection;
  readonly log = new FrameLog();
  readonly deadlines = new Deadlines(10);
  /** Calls of /test.Service/Hold. */
  readonly held: HeldCall[] = [];
  /** Calls of /test.Service/Both, and what they heard. */
  readonly streams: StreamCall[] = [];
  readonly heard: string[] = [];
  nowMs = 0;
  /** As if the network took nothing of this. */
  stuckBytes = 0;
  readonly shares: ConnectionShares;
  /** What the limits of all connections have cut of this one. */
  readonly cuts: string[] = [];
  readonly #host: CallHost;
  readonly #router = new GrpcRouter();

  constructor(limits: Partial<Http2Limits> = {}, totals = plenty(), host = 'host') {
    const open = (what: keyof SharedLimits) => totals[what].open(host, () => this.cuts.push(what));
    this.shares = { answers: open('answers'), requests: open('requests'), calls: open('calls') };
    this.limits = { ...defaultHttp2Limits, ...limits };
    this.connection = new ServerConnection(this, this.limits, 0);
    const { connection, deadlines } = this;
    const socket = new Socket();
    this.#host = { connection, deadlines, limits: this.limits, commonName: '', socket };
    this.#router.unary('/test.Service/Unary', (request, _context, done) => done(null, request));
    this.#router.unary('/test.Service/Large', (_request, _context, done) => {
      done(null, Buffer.alloc(100_000, 7));
    });
    this.#router.unary('/test.Service/Hold', (request, _context, done) => {
      this.held.push({ request: Buffer.from(request), done });
    });
    this.#router.stream('/test.Service/Both', (call) => this.#both(call));
    this.collect();
  }

  /** A connection that is open, its first frames forgotten. */
  static open(limits: Partial<Http2Limits> = {}, totals = plenty(), host = 'host'): Rig {
    const rig = new Rig(limits, totals, host);
    rig.push(opening);
    rig.log.frames.length = 0;
    return rig;
  }

  push(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.connection.receive(chunk, this.nowMs);
    this.collect();
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    this.deadlines.expire(nowMs);
    this.connection.tick(nowMs);
    this.collect();
  }

  collect(): void {
    for (const piece of this.connection.takeOutput()) this.log.push(piece);
    this.connection.countAnswers();
  }

  outputReady(): void {
    // It is collected when the test looks.
  }

  unsentBytes(): number {
    return this.stuckBytes;
  }

  begin(stream: ServerStream, head: RequestHead): void {
    this.#router.begin(this.#host, stream, head, this.nowMs);
  }

  #both(call: StreamCall): StreamListener {
    this.streams.push(call);
    return {
      message: (request) => this.heard.push(`message ${Buffer.from(request).toString('latin1')}`),
      halfClosed: () => this.heard.push('halfClosed'),
      drained: () => this.heard.push('drained'),
      closed: () => this.heard.push('closed'),
    };
  }
}
