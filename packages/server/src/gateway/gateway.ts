import { STATUS_CODES } from 'node:http';
import { ByteWriter, present } from '@quorate/base';
import {
  decodeMessage,
  encodeMessage,
  etcd,
  messageFromJson,
  messageToJson,
  parseJson,
  type Rpc,
} from '@quorate/schema';
import {
  type CallContext,
  type EtcdService,
  type RpcError,
  rpcErrors,
  StatusCode,
  type StreamListener,
  type UnaryDone,
} from '../core/index.ts';
import { ClientTotals } from '../limits/client-totals.ts';
import type { Share } from '../limits/shared-limit.ts';
import type { HttpRequest, HttpResponse } from '../port/http-exchange.ts';
import type { UnaryHandler } from '../rpc/rpc-backend.ts';
import { firstObject } from './first-object.ts';
import { gatewayPaths } from './gateway-paths.ts';
import { httpStatusOf } from './gateway-status.ts';
import { JsonObjects } from './json-objects.ts';
import { deadlineExceeded, RequestDeadline, timeoutOf } from './request-deadline.ts';

const usualMessageBytes = 2 * 1024 * 1024;
/** Base64 takes a third more, names a little. */
const jsonBytesPerByte = 2;

/** Beside those of every answer on this port. */
const commonHeaders = { 'x-content-type-options': 'nosniff' };

// A byte order mark is not JSON.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

const rpcs: ReadonlyMap<string, Rpc> = new Map(etcd.rpcs.map((rpc) => [rpc.path, rpc]));

export interface GatewayOptions {
  readonly service: EtcdService;
  /** Left out: the service's. */
  readonly unary?: (path: string) => UnaryHandler;
  /** A request with one message must be there after this time. */
  readonly requestTimeoutMs: number;
  /** What one message may have, on this wire as on the other; 2 MiB when left out. */
  readonly maxMessageBytes?: number;
  /** What all clients together hold; left out: those of this gateway alone. */
  readonly totals?: ClientTotals;
}

/** One call, and what it may take. */
interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly shares: ReturnType<ClientTotals['sharesOf']>;
  readonly timeoutMs: number;
}

/** An answer of which the client takes nothing for so long will not be taken. */
const answerTimeoutMs = 60_000;

/** The API as JSON in plain HTTP: POST, one path for each method (the fact table's section 5). */
export class Gateway {
  readonly #service: EtcdService;
  readonly #requestTimeoutMs: number;
  readonly #maxMessageBytes: number;
  readonly #maxJsonBytes: number;
  readonly #totals: ClientTotals;
  readonly #handlerOf: (path: string) => UnaryHandler;
  readonly #unary: ReadonlySet<string>;
  readonly #streams: ReadonlySet<string>;

  constructor(options: GatewayOptions) {
    const { service, unary, requestTimeoutMs, maxMessageBytes, totals } = options;
    this.#service = service;
    this.#totals = totals ?? new ClientTotals();
    this.#maxMessageBytes = maxMessageBytes ?? usualMessageBytes;
    this.#maxJsonBytes = jsonBytesPerByte * this.#maxMessageBytes;
    this.#handlerOf = unary ?? ((path) => service.unary(path));
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#unary = new Set(service.unaryPaths);
    this.#streams = new Set(service.streamPaths);
  }

  /** @returns whether the path is one of the gateway's, known or not */
  takes(path: string): boolean {
    return path.startsWith('/v3/') || path.startsWith('/v3beta/');
  }

  serve(path: string, request: HttpRequest, response: HttpResponse): void {
    const rpc = rpcs.get(gatewayPaths[path.slice(path.indexOf('/', 1))] ?? '');
    if (rpc === undefined) plain(response, 404, 'Not Found\n');
    else if (request.method !== 'POST') plain(response, 405, 'Method Not Allowed\n');
    else if (this.#unary.has(rpc.path) || this.#streams.has(rpc.path)) {
      this.#begin(rpc, request, response);
    } else {
      const [service, method] = rpc.path.slice(1).split('/');
      const message = `unknown method ${method} for service ${service}`;
      refuse(response, { code: StatusCode.unimplemented, message });
    }
    if (!request.readableFlowing) request.resume();
  }

  #begin(rpc: Rpc, request: HttpRequest, response: HttpResponse): void {
    const timeoutMs = timeoutOf(request);
    if (timeoutMs === null) {
      refuse(response, invalid(`invalid grpc-timeout: ${String(request.headers['grpc-timeout'])}`));
      return;
    }
    const shares = this.#totals.sharesOf(request.socket);
    response.once('close', () => closeAll(shares));
    if (shares.answers.refuse()) refuse(response, rpcErrors.tooManyRequests);
    else if (this.#streams.has(rpc.path) && rpc.isStream) {
      this.#stream(rpc, { request, response, shares, timeoutMs });
    } else this.#call(rpc, { request, response, shares, timeoutMs });
  }

  #call(rpc: Rpc, { request, response, shares, timeoutMs }: Exchange): void {
    const deadline = new RequestDeadline(timeoutMs, response, () => {
      refuse(response, deadlineExceeded);
    });
    const body = new ByteWriter(1024);
    let bytes = 0;
    const timer = this.#inTime(request, response);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (response.headersSent || bytes > this.#maxJsonBytes) return;
      body.raw(chunk);
      shares.requests.set(body.length);
      if (shares.requests.refuse()) {
        body.take();
        shares.requests.close();
        refuse(response, rpcErrors.tooManyRequests);
      }
    });
    request.on('end', () => {
      clearTimeout(timer);
      shares.requests.close();
      if (deadline.isOver) refuse(response, deadlineExceeded);
      if (response.headersSent) return;
      const text = utf8.decode(body.view());
      const message = bytes > this.#maxJsonBytes ? this.#tooLarge(bytes) : this.#encoded(rpc, text);
      if (!(message instanceof Uint8Array)) {
        refuse(response, message);
        return;
      }
      const done: UnaryDone = (error, answer) => {
        if (error === null) json(response, 200, shown(rpc, present(answer, 'no error')));
        else refuse(response, error);
        shares.answers.set(response.writableLength);
      };
      const context = contextOf(request);
      if (this.#unary.has(rpc.path)) this.#handlerOf(rpc.path)(message, context, done);
      else response.on('close', this.#service.wait(rpc.path, message, context, done));
    });
  }

  /** Ends a request of which not enough has come in time, unless its timer is cleared. */
  #inTime(request: HttpRequest, response: HttpResponse): NodeJS.Timeout {
    const timer = setTimeout(() => {
      if (response.headersSent) request.destroy();
      else response.once('finish', () => request.destroy());
      refuse(response, { code: StatusCode.deadlineExceeded, message: 'the request is not whole' });
    }, this.#requestTimeoutMs);
    request.on('close', () => clearTimeout(timer));
    return timer;
  }

  #stream(rpc: Rpc, { request, response, shares, timeoutMs }: Exchange): void {
    const expired = (): void => fail(deadlineExceeded);
    const deadline = new RequestDeadline(timeoutMs, response, expired);
    const timer = this.#inTime(request, response);
    const objects = new JsonObjects(this.#maxJsonBytes);
    const answers = streamedAnswers(rpc, response, shares.answers);
    let hasMessage = false;
    let isHalfClosed = false;
    const { send, end } = answers;
    const context = contextOf(request);
    const listener: StreamListener = this.#service.stream(rpc.path)({ context, send, end });
    const give = (text: string): void => {
      if (deadline.isOver) expired();
      if (answers.isOver || isHalfClosed) return;
      const message = this.#encoded(rpc, text);
      if (message instanceof Uint8Array) {
        hasMessage = true;
        clearTimeout(timer);
        // Each may be answered: a client that takes no answers cannot ask for more.
        if (response.writableLength > this.#maxJsonBytes) fail(rpcErrors.tooManyRequests);
        else listener.message(message);
      } else malformed(message);
    };
    /** What is no message ends the requests of a stream, and the stream when it comes first. */
    const malformed = (error: RpcError): void => {
      if (!hasMessage) fail({ ...error, code: StatusCode.unknown });
      else if (!answers.isOver && !isHalfClosed) {
        isHalfClosed = true;
        listener.halfClosed();
      }
    };
    const fail = (error: RpcError): void => {
      if (!answers.isOver) listener.closed();
      if (!answers.isOver) end(error);
    };
    request.on('data', (chunk: Buffer) => {
      const problem = answers.isOver || isHalfClosed ? null : objects.push(chunk, give);
      shares.requests.set(objects.heldBytes);
      if (objects.isInside && shares.requests.refuse()) fail(rpcErrors.tooManyRequests);
      else if (problem === 'tooLarge') fail(this.#tooLarge(chunk.length));
      else if (problem !== null) malformed(invalid('the body is not made of JSON objects'));
    });
    request.on('end', () => {
      if (objects.isInside) malformed(invalid('unexpected EOF'));
      else if (!answers.isOver && !isHalfClosed) {
        isHalfClosed = true;
        listener.halfClosed();
      }
    });
    response.on('drain', () => {
      shares.answers.set(response.writableLength);
      if (!answers.isOver) listener.drained();
    });
    response.on('close', () => {
      if (answers.isOver) return;
      answers.isOver = true;
      listener.closed();
    });
  }

  #encoded({ request }: Rpc, text: string): Uint8Array | RpcError {
    let parsed: unknown;
    try {
      parsed = parsedBody(text);
    } catch (error) {
      return invalid(error instanceof Error ? error.message : String(error));
    }
    const message = messageFromJson(request.json, parsed);
    if ('problem' in message) return invalid(String(message.problem));
    const bytes = encodeMessage(request.codec, message);
    return bytes.length > this.#maxMessageBytes ? this.#tooLarge(bytes.length) : bytes;
  }

  #tooLarge(bytes: number): RpcError {
    const most = this.#maxMessageBytes;
    const message = `grpc: received message larger than max (${bytes} vs. ${most})`;
    return { code: StatusCode.resourceExhausted, message };
  }
}

/** Says nothing before the first answer or the end: an error that comes first has a status. */
function streamedAnswers(rpc: Rpc, response: HttpResponse, share: Share) {
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { ...commonHeaders, 'content-type': 'application/json' });
  };
  const answers = {
    isOver: false,
    send: (answer: Uint8Array): boolean => {
      // It was refused for being late, and more has come since.
      if (response.writableEnded) return true;
      begin();
      const wantsMore = response.write(line({ result: shown(rpc, answer) }));
      share.set(response.writableLength);
      return wantsMore;
    },
    end: (error: RpcError | null): void => {
      answers.isOver = true;
      if (response.writableEnded) return;
      if (error !== null && !response.headersSent) {
        refuse(response, error);
        return;
      }
      begin();
      if (error !== null) response.write(line({ error: streamError(error) }));
      response.end();
    },
  };
  return answers;
}

/** @throws what `JSON.parse` throws */
function parsedBody(text: string): unknown {
  if (/^\s*$/.test(text)) return {};
  try {
    // Nothing at all is the message in which nothing is set.
    return parseJson(text) ?? {};
  } catch (error) {
    const first = firstObject(text);
    if (first === null || first.length === text.length) throw error;
    return parseJson(first);
  }
}

function contextOf({ headers }: HttpRequest): CallContext {
  const token = String(headers['authorization'] ?? '').replace(/^Bearer /, '');
  const requireLeader = headers['grpc-metadata-hasleader'] === 'true';
  const context = { requireLeader, token, commonName: '' };
  const traceparent = headers['traceparent'];
  return typeof traceparent === 'string' ? { ...context, traceparent } : context;
}

function shown({ answer }: Rpc, bytes: Uint8Array): object {
  const message = present(decodeMessage(answer.codec, bytes), 'the service answers well-formed');
  return messageToJson(answer.json, message);
}

function closeAll(shares: ReturnType<ClientTotals['sharesOf']>): void {
  for (const share of Object.values(shares)) share.close();
}

function invalid(message: string): RpcError {
  return { code: StatusCode.invalidArgument, message };
}

function streamError(error: RpcError): object {
  const status = httpStatusOf(error);
  return {
    grpc_code: error.code,
    http_code: status,
    message: error.message,
    http_status: STATUS_CODES[status] ?? '',
  };
}

function refuse(response: HttpResponse, error: RpcError): void {
  const { code, message } = error;
  json(response, httpStatusOf(error), { error: message, message, code });
}

function json(response: HttpResponse, status: number, value: object): void {
  end(response, status, 'application/json', JSON.stringify(value));
}

function plain(response: HttpResponse, status: number, body: string): void {
  end(response, status, 'text/plain; charset=utf-8', body);
}

function end(response: HttpResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return;
  const length = Buffer.byteLength(body);
  response.setTimeout(answerTimeoutMs);
  response.writeHead(status, { ...commonHeaders, 'content-type': type, 'content-length': length });
  response.end(body);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
