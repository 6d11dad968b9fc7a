import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '@quorate/base';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers GET of one path; the query is what follows the question mark. */
export type HttpEndpoint = (query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>;

/** Answers whole families of paths by itself. */
export interface HttpService {
  takes(path: string): boolean;
  /** Reads the request's body, or lets it go. */
  serve(path: string, request: HttpRequest, response: HttpResponse): void;
}

export interface HttpLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const defaultHttpLimits: HttpLimits = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
};

/** Browsers may call from any page. */
const corsHeaders = [
  ['access-control-allow-origin', '*'],
  ['access-control-allow-methods', 'POST, GET, OPTIONS, PUT, DELETE'],
  ['access-control-allow-headers', 'accept, content-type, authorization'],
] as const;

const maxHeaderBytes = 16 * 1024;

/** Requests of one connection that wait for their answers: hardly anyone sends a second one. */
const maxPipelined = 100;

/** An answer of which the client takes nothing for so long will not be taken. */
const answerTimeoutMs = 60_000;

function plain(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

const notFound = plain(404, '404 page not found\n');
const methodNotAllowed = plain(405, 'Method Not Allowed\n');
const failed = plain(500, 'internal error\n');

/**
 * The plain HTTP of the client port: small answers to GET, and services beside them. HTTP/1.1 it
 * speaks itself; requests that came another way are given to `serve`.
 */
export class HttpEndpoints {
  readonly #endpoints: ReadonlyMap<string, HttpEndpoint>;
  readonly #services: readonly HttpService[];
  readonly #server: Server;
  readonly #requestTimeoutMs: number;
  readonly #logger: Logger;
  readonly #waiting = new WeakMap<Socket, number>();
  #answering = 0;
  #whenIdle: (() => void) | null = null;

  constructor(
    endpoints: Readonly<Record<string, HttpEndpoint>>,
    services: readonly HttpService[],
    logger: Logger,
    limits: HttpLimits = defaultHttpLimits,
  ) {
    this.#endpoints = new Map(Object.entries(endpoints));
    this.#services = services;
    this.#requestTimeoutMs = limits.requestTimeoutMs;
    this.#logger = logger;
    const options = {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      // A service's requests may last; the endpoints' are timed by themselves.
      requestTimeout: 0,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    };
    this.#server = createServer(options, (request, response) => {
      if (this.#mayWait(request, response)) this.serve(request, response);
    });
    this.#server.on('clientError', refuseMalformed);
    // Connections are handed over rather than accepted, and it is this event that starts the timer
    // by which those that are too slow are found.
    this.#server.emit('listening');
  }

  connection(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  serve(request: HttpRequest, response: HttpResponse): void {
    this.#begun(request, response);
    for (const [name, value] of corsHeaders) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      request.resume();
      response.end();
      return;
    }
    const path = pathOf(request);
    const service = this.#services.find((one) => one.takes(path));
    if (service === undefined) void this.#serve(request, response);
    else service.serve(path, request, response);
  }

  /** Lets answers that are under way go out, cuts those that have not after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#server.close();
    this.#server.closeIdleConnections();
    const ended = Promise.withResolvers<void>();
    this.#whenIdle = ended.resolve;
    const timer = setTimeout(ended.resolve, graceMs);
    if (this.#answering > 0 && graceMs > 0) await ended.promise;
    clearTimeout(timer);
    this.#server.closeAllConnections();
  }

  /** @returns false when it is one too many that waits behind others of its connection */
  #mayWait({ socket }: HttpRequest, response: HttpResponse): boolean {
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    this.#waiting.set(socket, waiting);
    response.once('close', () => {
      this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1);
    });
    // It cannot be told so, as the answers before come first.
    if (waiting > maxPipelined) socket.destroy();
    return waiting <= maxPipelined;
  }

  #begun(request: HttpRequest, response: HttpResponse): void {
    // Whoever has the answer and goes on sending is given as long as for a whole request.
    response.once('finish', () => {
      if (request.complete) return;
      const late = setTimeout(() => request.destroy(), this.#requestTimeoutMs);
      request.once('close', () => clearTimeout(late));
    });
    this.#answering += 1;
    response.once('close', () => {
      this.#answering -= 1;
      if (this.#answering === 0) this.#whenIdle?.();
    });
  }

  async #serve(request: HttpRequest, response: HttpResponse): Promise<void> {
    // A body has no meaning here but is allowed; it is drained, never kept.
    request.resume();
    const late = setTimeout(() => request.destroy(), this.#requestTimeoutMs);
    request.once('close', () => clearTimeout(late));
    const answer = await this.#answer(request);
    response.setTimeout(answerTimeoutMs);
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': Buffer.byteLength(answer.body),
      'x-content-type-options': 'nosniff',
      ...(answer === methodNotAllowed ? { allow: 'GET' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  async #answer(request: HttpRequest): Promise<HttpAnswer> {
    const path = pathOf(request);
    const query = request.url?.split('?', 2)[1];
    const endpoint = this.#endpoints.get(path);
    if (endpoint === undefined) return notFound;
    if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed;
    try {
      return await endpoint(new URLSearchParams(query));
    } catch (error) {
      this.#logger.error('http request failed', { path, reason: String(error) });
      return failed;
    }
  }
}

/** Scheme and authority, which every server has to accept there (RFC 9112, 3.2.2). */
const origin = /^https?:\/\/[^/?#]*/i;

function pathOf({ url = '' }: HttpRequest): string {
  const target = url.startsWith('/') ? url : url.replace(origin, '');
  return target.split('?', 1)[0] || '/';
}

function refuseMalformed(error: NodeJS.ErrnoException, socket: NodeJS.WritableStream): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [status, text] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout']
        : [400, 'Bad Request'];
  socket.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
