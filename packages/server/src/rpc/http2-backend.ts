import type { Socket } from 'node:net';
import type { StreamMethod } from '../core/method.ts';
import { ClientTotals } from '../limits/client-totals.ts';
import type { HttpHandler } from '../port/http-exchange.ts';
import { Deadlines } from './http2/grpc/deadlines.ts';
import type { CallHost } from './http2/grpc/grpc-calls.ts';
import { GrpcRouter } from './http2/grpc/grpc-router.ts';
import { beginExchange } from './http2/http/http2-exchange.ts';
import { defaultHttp2Limits, type Http2Limits } from './http2/limits.ts';
import type { RequestHead } from './http2/request-head.ts';
import {
  type ConnectionHost,
  type ConnectionShares,
  ServerConnection,
} from './http2/server-connection.ts';
import type { ServerStream } from './http2/server-stream.ts';
import type { RpcBackend, UnaryHandler } from './rpc-backend.ts';

/** How often connections look at their clocks. */
const tickMs = 1000;
/** How often the deadlines of calls are looked at, while there are some. */
const deadlineTickMs = 20;
/** How long a client may take to close a connection that has ended. */
const endTimeoutMs = 5000;
/** Beyond this nothing more is read of a client that does not read. */
const maxUnreadBytes = 2 * 1024 * 1024;

/** gRPC by an HTTP/2 of our own, on which other requests may come too. */
export class Http2Backend implements RpcBackend {
  readonly #limits: Http2Limits;
  readonly #totals: ClientTotals;
  readonly #router: GrpcRouter;
  readonly #deadlines = new Deadlines(deadlineTickMs);
  readonly #links = new Set<Link>();
  /** Those that have something to send, until the end of this turn of the event loop. */
  #ready: Link[] = [];
  readonly #ticking: NodeJS.Timeout;
  #deadlineTicking: NodeJS.Timeout | null = null;
  #whenEmpty: (() => void) | null = null;

  /**
   * @param totals of all connections together, with those that others serve
   * @param http answers what is no gRPC; null: it is refused
   */
  constructor(
    limits: Http2Limits = defaultHttp2Limits,
    totals: ClientTotals = new ClientTotals(),
    http: HttpHandler | null = null,
  ) {
    this.#router = new GrpcRouter(
      http === null ? null : (host, stream, head) => beginExchange(host, stream, head, http),
    );
    this.#limits = limits;
    this.#totals = totals;
    this.#ticking = setInterval(() => this.#tick(), tickMs).unref();
  }

  unary(path: string, handler: UnaryHandler): void {
    this.#router.unary(path, handler);
  }

  stream(path: string, method: StreamMethod): void {
    this.#router.stream(path, method);
  }

  unimplemented(path: string): void {
    this.#router.known(path);
  }

  connection(socket: Socket, commonName: string): void {
    const shares = this.#totals.sharesOf(socket);
    const link = new Link(socket, commonName, this.#limits, shares, this.#deadlines, {
      begin: (host, stream, head) => {
        this.#router.begin(host, stream, head, performance.now());
        this.#watchDeadlines();
      },
      ready: (ready) => this.#flushLater(ready),
      closed: () => this.#closed(link),
    });
    this.#links.add(link);
    if (this.#whenEmpty !== null) link.goAway();
  }

  async close(graceMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    const timer = setTimeout(() => {
      for (const link of this.#links) link.cut();
    }, graceMs);
    for (const link of this.#links) link.goAway();
    if (graceMs === 0) for (const link of this.#links) link.cut();
    if (this.#links.size > 0) await ended;
    clearTimeout(timer);
    clearInterval(this.#ticking);
    if (this.#deadlineTicking !== null) clearInterval(this.#deadlineTicking);
  }

  #closed(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#whenEmpty?.();
  }

  #flushLater(link: Link): void {
    if (this.#ready.push(link) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const link of ready) link.flush();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const link of this.#links) link.tick(nowMs);
  }

  #watchDeadlines(): void {
    const deadlines = this.#deadlines;
    if (this.#deadlineTicking !== null || deadlines.isEmpty) return;
    this.#deadlineTicking = setInterval(() => {
      deadlines.expire(performance.now());
      if (!deadlines.isEmpty || this.#deadlineTicking === null) return;
      clearInterval(this.#deadlineTicking);
      this.#deadlineTicking = null;
    }, deadlineTickMs).unref();
  }
}

/** What a link tells its backend. */
interface LinkEvents {
  begin(host: CallHost, stream: ServerStream, head: RequestHead): void;
  ready(link: Link): void;
  closed(): void;
}

/** A connection and its socket. */
class Link implements ConnectionHost {
  readonly shares: ConnectionShares;
  readonly #connection: ServerConnection;
  readonly #calls: CallHost;
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  #endedMs: number | null = null;

  constructor(
    socket: Socket,
    commonName: string,
    limits: Http2Limits,
    shares: ConnectionShares,
    deadlines: Deadlines,
    events: LinkEvents,
  ) {
    this.#socket = socket;
    this.shares = shares;
    this.#events = events;
    const connection = new ServerConnection(this, limits, performance.now());
    this.#connection = connection;
    this.#calls = { connection, deadlines, limits, commonName, socket };
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => connection.receive(chunk, performance.now()));
    socket.on('drain', () => this.#drained());
    // What ended the connection matters to no one: `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      connection.closed();
      events.closed();
    });
    this.outputReady();
  }

  outputReady(): void {
    this.#events.ready(this);
  }

  unsentBytes(): number {
    return this.#socket.writableLength;
  }

  begin(stream: ServerStream, head: RequestHead): void {
    this.#events.begin(this.#calls, stream, head);
  }

  goAway(): void {
    this.#connection.goAway();
  }

  cut(): void {
    this.#socket.destroy();
  }

  tick(nowMs: number): void {
    this.#connection.tick(nowMs);
    if (this.#endedMs !== null && nowMs - this.#endedMs >= endTimeoutMs) this.cut();
  }

  /** Everything of this turn goes to the system at once. */
  flush(): void {
    const socket = this.#socket;
    const pieces = this.#connection.takeOutput();
    if (socket.destroyed || socket.writableEnded) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    this.#connection.countAnswers();
    if (this.#connection.isOver) {
      this.#endedMs = performance.now();
      socket.end();
    } else if (socket.writableLength > maxUnreadBytes) {
      // A client that sends and does not read has to read first.
      socket.pause();
    }
  }

  #drained(): void {
    this.#connection.drained();
    this.#socket.resume();
  }
}
