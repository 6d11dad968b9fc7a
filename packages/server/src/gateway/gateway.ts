import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
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
  StatusCode,
  type StreamListener,
} from '../core/index.ts';
import { gatewayPaths } from './gateway-paths.ts';
import { httpStatusOf } from './gateway-status.ts';
import { JsonObjects } from './json-objects.ts';

/** What one message may have, on this wire as on the other. */
const maxMessageBytes = 2 * 1024 * 1024;
/** Base64 takes a third more, names a little. */
const maxJsonBytes = 2 * maxMessageBytes;

/** Browsers may call from any page. */
const commonHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'access-control-allow-headers': 'accept, content-type, authorization',
  'x-content-type-options': 'nosniff',
};

const utf8 = new TextDecoder();

const rpcs: ReadonlyMap<string, Rpc> = new Map(etcd.rpcs.map((rpc) => [rpc.path, rpc]));

export interface GatewayOptions {
  readonly service: EtcdService;
  /** A request with one message must be there after this time. */
  readonly requestTimeoutMs: number;
}

/** The API as JSON in plain HTTP: POST, one path for each method (the fact table's section 5). */
export class Gateway {
  readonly #service: EtcdService;
  readonly #requestTimeoutMs: number;
  readonly #unary: ReadonlySet<string>;
  readonly #streams: ReadonlySet<string>;

  constructor({ service, requestTimeoutMs }: GatewayOptions) {
    this.#service = service;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#unary = new Set(service.unaryPaths);
    this.#streams = new Set(service.streamPaths);
  }

  /** @returns whether the path is one of the gateway's, known or not */
  takes(path: string): boolean {
    return path.startsWith('/v3/') || path.startsWith('/v3beta/');
  }

  serve(path: string, request: IncomingMessage, response: ServerResponse): void {
    const rpc = rpcs.get(gatewayPaths[path.slice(path.indexOf('/', 1))] ?? '');
    if (request.method === 'OPTIONS') plain(response, 200, '');
    else if (rpc === undefined) plain(response, 404, 'Not Found\n');
    else if (request.method !== 'POST') plain(response, 405, 'Method Not Allowed\n');
    else if (this.#streams.has(rpc.path)) this.#stream(rpc, request, response);
    else if (this.#unary.has(rpc.path)) this.#call(rpc, request, response);
    else {
      const [service, method] = rpc.path.slice(1).split('/');
      const message = `unknown method ${method} for service ${service}`;
      refuse(response, { code: StatusCode.unimplemented, message });
    }
    if (!request.readableFlowing) request.resume();
  }

  #call(rpc: Rpc, request: IncomingMessage, response: ServerResponse): void {
    const body = new ByteWriter(1024);
    let bytes = 0;
    const timer = setTimeout(() => {
      refuse(response, { code: StatusCode.deadlineExceeded, message: 'the request is not whole' });
      request.destroy();
    }, this.#requestTimeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxJsonBytes) body.raw(chunk);
    });
    request.on('end', () => {
      clearTimeout(timer);
      const text = utf8.decode(body.view());
      const message = bytes > maxJsonBytes ? tooLarge(bytes) : encoded(rpc, text);
      if (!(message instanceof Uint8Array)) {
        refuse(response, message);
        return;
      }
      this.#service.unary(rpc.path)(message, contextOf(request), (error, answer) => {
        if (error === null) json(response, 200, shown(rpc, present(answer, 'no error')));
        else refuse(response, error);
      });
    });
  }

  #stream(rpc: Rpc, request: IncomingMessage, response: ServerResponse): void {
    const objects = new JsonObjects(maxJsonBytes);
    response.writeHead(200, { ...commonHeaders, 'content-type': 'application/json' });
    response.flushHeaders();
    let isOver = false;
    const end = (error: RpcError | null): void => {
      isOver = true;
      if (error !== null) response.write(line({ error: streamError(error) }));
      response.end();
    };
    const listener: StreamListener = this.#service.stream(rpc.path)({
      context: contextOf(request),
      send: (answer) => response.write(line({ result: shown(rpc, answer) })),
      end,
    });
    const give = (text: string): void => {
      if (isOver) return;
      const message = encoded(rpc, text);
      if (message instanceof Uint8Array) listener.message(message);
      else fail(message);
    };
    const fail = (error: RpcError): void => {
      if (isOver) return;
      listener.closed();
      end(error);
    };
    request.on('data', (chunk: Buffer) => {
      const problem = isOver ? null : objects.push(chunk, give);
      if (problem === 'tooLarge') fail(tooLarge(chunk.length));
      else if (problem !== null) fail(invalid('the body is not made of JSON objects'));
    });
    request.on('end', () => {
      if (objects.isInside) fail(invalid('unexpected EOF'));
      else if (!isOver) listener.halfClosed();
    });
    response.on('drain', () => {
      if (!isOver) listener.drained();
    });
    response.on('close', () => {
      if (isOver) return;
      isOver = true;
      listener.closed();
    });
  }
}

function contextOf({ headers }: IncomingMessage): CallContext {
  const token = headers['authorization'] ?? '';
  const requireLeader = headers['grpc-metadata-hasleader'] === 'true';
  return { requireLeader, token: token.replace(/^Bearer /, ''), commonName: '' };
}

function encoded({ request }: Rpc, text: string): Uint8Array | RpcError {
  let parsed: unknown;
  try {
    parsed = text.trim() === '' ? {} : parseJson(text);
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
  const message = messageFromJson(request.json, parsed);
  if ('problem' in message) return invalid(String(message.problem));
  const bytes = encodeMessage(request.codec, message);
  return bytes.length > maxMessageBytes ? tooLarge(bytes.length) : bytes;
}

function shown({ answer }: Rpc, bytes: Uint8Array): object {
  const message = present(decodeMessage(answer.codec, bytes), 'the service answers well-formed');
  return messageToJson(answer.json, message);
}

function invalid(message: string): RpcError {
  return { code: StatusCode.invalidArgument, message };
}

function tooLarge(bytes: number): RpcError {
  const message = `grpc: received message larger than max (${bytes} vs. ${maxMessageBytes})`;
  return { code: StatusCode.resourceExhausted, message };
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

function refuse(response: ServerResponse, error: RpcError): void {
  const { code, message } = error;
  json(response, httpStatusOf(error), { error: message, message, code });
}

function json(response: ServerResponse, status: number, value: object): void {
  end(response, status, 'application/json', JSON.stringify(value));
}

function plain(response: ServerResponse, status: number, body: string): void {
  end(response, status, 'text/plain; charset=utf-8', body);
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return;
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...commonHeaders, 'content-type': type, 'content-length': length });
  response.end(body);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
