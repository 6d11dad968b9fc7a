import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../../port/http-exchange.ts';
import { bodyEnd } from '../call-status.ts';
import type { CallHost } from '../grpc/grpc-calls.ts';
import { ErrorCode } from '../protocol.ts';
import type { RequestHead } from '../request-head.ts';
import type { ServerStream } from '../server-stream.ts';

/** Gives a request that is no gRPC to those who answer such requests by HTTP/1.1 too. */
export function beginExchange(
  host: CallHost,
  stream: ServerStream,
  head: RequestHead,
  handler: HttpHandler,
): void {
  const reset = (): void => host.connection.reset(stream, ErrorCode.cancel);
  const request = new Http2Request(stream, head, host.socket, reset);
  const response = new Http2Response(stream, reset);
  stream.receiver = {
    data: (bytes) => request.push(bytes),
    ended: () => request.ended(),
    drained: () => response.taken(),
    aborted: () => {
      request.destroy();
      response.destroy();
    },
  };
  // What still comes of it is not wanted.
  response.once('close', () => request.destroy());
  if (host.connection.refusesCalls()) {
    request.resume();
    response.writeHead(429, {});
    response.end();
  } else handler(request, response);
}

/** Whoever is given it reads it, or lets it flow: what is not read stays in memory. */
class Http2Request extends Readable implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HttpRequest['headers'];
  readonly socket: Socket;
  complete = false;
  readonly #stream: ServerStream;
  readonly #reset: () => void;

  constructor(stream: ServerStream, head: RequestHead, socket: Socket, reset: () => void) {
    super();
    this.#stream = stream;
    this.#reset = reset;
    this.socket = socket;
    this.method = head.method;
    this.url = head.path;
    this.headers = headersOf(head);
  }

  ended(): void {
    this.complete = true;
    this.push(null);
  }

  override _read(): void {
    // It comes by itself.
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.complete && !this.#stream.isFinished) this.#reset();
    done();
  }
}

/** What is written goes to its stream at once, so that it counts among what its client is sent. */
class Http2Response extends Writable implements HttpResponse {
  headersSent = false;
  readonly #stream: ServerStream;
  readonly #reset: () => void;
  readonly #fields = new Map<string, string>();
  #taken: (() => void) | null = null;

  constructor(stream: ServerStream, reset: () => void) {
    super();
    this.#stream = stream;
    this.#reset = reset;
  }

  setHeader(name: string, value: string): void {
    this.#fields.set(name, value);
  }

  writeHead(status: number, headers: Readonly<Record<string, string | number>>): void {
    this.headersSent = true;
    for (const [name, value] of Object.entries(headers)) this.#fields.set(name, String(value));
    this.#stream.respond(status, this.#fields);
  }

  /** It may take twice as long: it is looked only so often. */
  setTimeout(timeoutMs: number): void {
    let before = Number.POSITIVE_INFINITY;
    const timer = setInterval(() => {
      const { pendingBytes } = this.#stream;
      if (pendingBytes >= before) this.destroy();
      before = pendingBytes;
    }, timeoutMs).unref();
    this.once('close', () => clearInterval(timer));
  }

  /** The stream has sent what it had to keep. */
  taken(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    if (!this.headersSent) this.writeHead(200, {});
    if (bytes.length === 0 || this.#stream.write(bytes)) done();
    else this.#taken = done;
  }

  override _final(done: () => void): void {
    if (!this.headersSent) this.writeHead(200, {});
    this.#stream.finish(bodyEnd);
    done();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.isFinished) this.#reset();
    done();
  }
}

function headersOf(head: RequestHead): HttpRequest['headers'] {
  const { authorization, traceparent, timeout, metadataHasLeader } = head;
  const named = {
    authorization,
    traceparent,
    'grpc-timeout': timeout,
    'grpc-metadata-hasleader': metadataHasLeader,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ''));
}
