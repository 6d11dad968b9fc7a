import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { present } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd, messageToJson, type Rpc } from '@quorate/schema';
import { rpcOf } from './calls.ts';
import type { Canary } from './canaries.ts';
import { bytesOf, ownLeases } from './drawer.ts';
import { normalise } from './normalise.ts';
import type { GrpcStep, HttpStep, KeepAliveStep, Memory, Outcome } from './operation.ts';
import { markerId, WatchLog } from './watch-log.ts';

const callTimeoutMs = 20_000;

const markerKey = bytesOf('\u0001marker');

/** Of HTTP, those that mean something to who calls. */
const comparedHeaders = [
  'content-type',
  'allow',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
];

const keep = (bytes: Buffer): Buffer => bytes;
const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

type WatchCall = ClientDuplexStream<Uint8Array, Buffer>;

/** One of the two servers, and what is said to it. */
export class Side {
  readonly memory: Memory = { memberId: 0n, lease: 0n, tokens: new Map() };
  readonly watches = new Map<number, { readonly call: WatchCall; readonly log: WatchLog }>();
  /** How often the canary has changed what was heard. */
  plants = 0;
  readonly #client: Client;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #port: number;
  readonly #canary: Canary | null;

  constructor(port: number, canary: Canary | null) {
    this.#port = port;
    this.#canary = canary;
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.enable_retries': 0,
    });
  }

  close(): void {
    for (const { call } of this.watches.values()) {
      call.on('error', () => undefined);
      call.cancel();
    }
    this.#client.close();
    this.#agent.destroy();
  }

  async grpc(step: GrpcStep): Promise<Outcome> {
    const { rpc, request, as } = step;
    const bytes = typeof request === 'function' ? request(this.memory) : request;
    const { error, answer } = await this.#unary(rpc.path, bytes, as);
    if (error !== null) return this.#seen(rpc.path, error.code, error.details, {});
    return this.#seen(rpc.path, 0, '', this.#learn(jsonOfAnswer(rpc, answer), step.login));
  }

  /** A put of the marker, as whoever may. @returns the revision, or 0 when it was refused */
  async mark(): Promise<number> {
    const request = encodeMessage(etcd.PutRequest, { key: markerKey });
    const { answer } = await this.#unary('/etcdserverpb.KV/Put', request, 'root');
    const put = decodeMessage(etcd.PutResponse, answer);
    return put?.header?.revision ?? 0;
  }

  async memberId(statusPath: string): Promise<bigint> {
    const { answer } = await this.#unary(statusPath, new Uint8Array(0), '');
    return decodeMessage(etcd.StatusResponse, answer)?.header?.memberId ?? 0n;
  }

  /** @returns whether every stream that watches the marker has heard of that put of it */
  heardOf(revision: number): boolean {
    return [...this.watches.values()].every(
      ({ log }) => log.isOver || !log.isMarked || log.marker >= revision,
    );
  }

  forgetHeard(): void {
    for (const { log } of this.watches.values()) log.forget();
  }

  keepAlive({ requests, as }: KeepAliveStep): Promise<Outcome> {
    const rpc = rpcOf('Lease/LeaseKeepAlive');
    const options = { deadline: Date.now() + callTimeoutMs };
    const call = this.#client.makeBidiStreamRequest(
      rpc.path,
      toBuffer,
      keep,
      this.#metadata(as),
      options,
    );
    const answers: object[] = [];
    for (const request of requests) call.write(request);
    call.end();
    call.on('data', (bytes: Buffer) => answers.push(jsonOfAnswer(rpc, bytes)));
    return new Promise((resolve) => {
      call.on('error', () => undefined);
      call.on('status', ({ code, details }) => {
        resolve(this.#seen(rpc.path, code, code === 0 ? '' : details, answers));
      });
    });
  }

  openWatch(stream: number, as: string): void {
    const rpc = rpcOf('Watch/Watch');
    const call: WatchCall = this.#client.makeBidiStreamRequest(
      rpc.path,
      toBuffer,
      keep,
      this.#metadata(as),
      {},
    );
    const log = new WatchLog();
    call.on('data', (bytes: Buffer) => {
      const message = jsonOfAnswer(rpc, bytes);
      const planted = this.#canary?.watch?.(message) ?? message;
      if (JSON.stringify(planted) !== JSON.stringify(message)) this.plants += 1;
      log.take(planted);
    });
    call.on('error', ({ code, details }: ServiceError) => log.ended(code, details));
    call.on('end', () => log.ended(0, ''));
    this.watches.set(stream, { call, log });
    const createRequest = { key: markerKey, watchId: markerId };
    call.write(encodeMessage(etcd.WatchRequest, { createRequest }));
  }

  closeWatch(stream: number): void {
    const watch = this.watches.get(stream);
    this.watches.delete(stream);
    watch?.call.cancel();
  }

  async http(step: HttpStep): Promise<Outcome> {
    const body = typeof step.body === 'function' ? step.body(this.memory) : step.body;
    const { status, headers, text } = await this.#http(step, body);
    const said = parsed(text);
    const answer = said === undefined ? { text } : { json: this.#learn(said, step.login) };
    return this.#seen(step.path, status, '', { headers, ...answer });
  }

  /** @returns the log, and what ends the request */
  watchOverHttp(body: string, as: string): { readonly log: WatchLog; readonly end: () => void } {
    const log = new WatchLog();
    const headers = this.#httpHeaders(as);
    const options = { port: this.#port, method: 'POST', path: '/v3/watch', headers, agent: false };
    const request = httpRequest({ host: '127.0.0.1', ...options }, (response) => {
      if (response.statusCode !== 200) log.ended(response.statusCode ?? 0, '');
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines.filter((one) => one !== '')) this.#takeLine(log, line);
      });
      response.on('end', () => {
        if (text !== '') this.#takeLine(log, text);
        log.ended(0, '');
      });
      response.on('error', () => undefined);
    });
    request.on('error', () => log.ended(0, ''));
    request.end(body);
    return { log, end: () => request.destroy() };
  }

  #takeLine(log: WatchLog, line: string): void {
    const said = (parsed(line) ?? { text: line }) as { result?: object };
    if (said.result === undefined) log.ended(-1, line);
    else log.take(said.result);
  }

  #unary(
    path: string,
    request: Uint8Array,
    as: string,
  ): Promise<{ readonly error: ServiceError | null; readonly answer: Buffer }> {
    const options = { deadline: Date.now() + callTimeoutMs };
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, answer?: Buffer): void => {
        resolve({ error, answer: answer ?? Buffer.alloc(0) });
      };
      this.#client.makeUnaryRequest(
        path,
        toBuffer,
        keep,
        request,
        this.#metadata(as),
        options,
        done,
      );
    });
  }

  async #http(step: HttpStep, body: Uint8Array | string): Promise<HttpAnswer> {
    const headers = { ...this.#httpHeaders(step.as), ...step.headers };
    const options = { host: '127.0.0.1', port: this.#port, method: step.method, path: step.path };
    const timed = { ...options, headers, agent: this.#agent, timeout: callTimeoutMs };
    return await new Promise((resolve) => {
      const request = httpRequest(timed, (response) => void readAnswer(response).then(resolve));
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', ({ message }) => resolve({ status: -1, headers: {}, text: message }));
      request.end(body.length === 0 ? undefined : body);
    });
  }

  #metadata(as: string): Metadata {
    const metadata = new Metadata();
    const token = this.#token(as);
    if (token !== null) metadata.set('token', token);
    return metadata;
  }

  #httpHeaders(as: string): Record<string, string> {
    const token = this.#token(as);
    return token === null ? {} : { authorization: token };
  }

  #token(as: string): string | null {
    return as === '?' ? 'nobodys.1' : (this.memory.tokens.get(as) ?? null);
  }

  #learn(json: object, login: string | undefined): object {
    const { token, ID, TTL } = json as { token?: string; ID?: string; TTL?: string };
    if (login !== undefined && typeof token === 'string') this.memory.tokens.set(login, token);
    if (typeof ID === 'string' && TTL !== undefined && !ownLeases.has(ID)) {
      this.memory.lease = BigInt(ID);
    }
    return json;
  }

  #seen(path: string, status: number, message: string, body: object): Outcome {
    // Whoever still sent one would be refused by 3.4, though nobody needs one.
    const isDone = status === 0 || status === 200;
    if (isDone && /authdisable|auth\/disable/i.test(path)) this.memory.tokens.clear();
    const outcome = { status, message, body: normalise(body, ownLeases) };
    const planted = this.#canary?.outcome?.(path, outcome) ?? outcome;
    if (JSON.stringify(planted) !== JSON.stringify(outcome)) this.plants += 1;
    return planted;
  }
}

interface HttpAnswer {
  /** -1: there was no answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const headers: Record<string, string> = {};
  for (const name of comparedHeaders) {
    const value = response.headers[name];
    if (value !== undefined) headers[name] = String(value);
  }
  return { status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString() };
}

/** @returns undefined when it is no JSON; of several lines a list */
function parsed(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined;
  const lines = text.split('\n').filter((line) => line !== '');
  try {
    const values = lines.map((line) => JSON.parse(line) as object);
    return values.length === 1 ? values[0] : values;
  } catch {
    return undefined;
  }
}

function jsonOfAnswer(rpc: Rpc, bytes: Uint8Array): object {
  const message = decodeMessage(rpc.answer.codec, bytes);
  return messageToJson(rpc.answer.json, present(message, 'answers are well-formed'));
}
