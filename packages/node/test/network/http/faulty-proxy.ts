import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type Address, Prng } from '@quorate/base';

/** Probabilities for each request. */
export interface ProxyFaults {
  /** The asker's socket is cut before the request is handed on. */
  readonly loseRequest: number;
  /** The request is handed on, and the asker's socket cut before it gets the answer. */
  readonly loseAnswer: number;
  /** Handed on twice, the second time later; the asker gets either answer. */
  readonly double: number;
  /** Answered by the proxy itself. */
  readonly badGateway: number;
  /** All sockets of all askers are cut. */
  readonly cutAll: number;
  readonly maxDelayMs: number;
}

export const noFaults: ProxyFaults = {
  loseRequest: 0,
  loseAnswer: 0,
  double: 0,
  badGateway: 0,
  cutAll: 0,
  maxDelayMs: 0,
};

interface Whole {
  readonly status: number;
  readonly body: Buffer;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Holds every request and every answer back until it is whole, as many proxies do. */
export class FaultyProxy implements AsyncDisposable {
  faults: ProxyFaults;
  /** What befell requests so far, by its name. */
  readonly befallen = new Map<keyof ProxyFaults, number>();
  readonly #target: Address;
  readonly #prng: Prng;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #over = new AbortController();
  readonly #server = createServer((request, response) => {
    response.on('error', () => undefined);
    this.#carry(request, response).catch(() => request.socket.destroy());
  });

  constructor(target: Address, seed: number, faults: ProxyFaults) {
    this.#target = target;
    this.#prng = new Prng(seed);
    this.faults = faults;
  }

  get address(): Address {
    const { port } = this.#server.address() as AddressInfo;
    return { host: '127.0.0.1', port };
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#agent.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const path = request.url ?? '';
    await this.#delay();
    if (this.#befalls('cutAll')) this.#server.closeAllConnections();
    if (this.#befalls('loseRequest')) {
      request.socket.destroy();
      return;
    }
    if (this.#befalls('badGateway')) {
      response.writeHead(502).end('no');
      return;
    }
    const answers = [this.#handOn(path, body)];
    if (this.#befalls('double')) {
      answers.push(this.#delay().then(() => this.#handOn(path, body)));
    }
    for (const answer of answers) answer.catch(() => undefined);
    const { status, body: whole } = await this.#prng.pick(answers);
    await this.#delay();
    if (this.#befalls('loseAnswer')) request.socket.destroy();
    else response.writeHead(status, { 'content-length': whole.length }).end(whole);
  }

  #handOn(path: string, body: Buffer): Promise<Whole> {
    return new Promise((fulfil, reject) => {
      const { host, port } = this.#target;
      const { signal } = this.#over;
      const options = { agent: this.#agent, host, port, path, method: 'POST', signal };
      const forwarded = startRequest(options, (answer) => {
        const status = answer.statusCode ?? 0;
        bodyOf(answer).then((whole) => fulfil({ status, body: whole }), reject);
      });
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }

  #befalls(fault: keyof ProxyFaults): boolean {
    if (!this.#prng.chance(this.faults[fault])) return false;
    this.befallen.set(fault, (this.befallen.get(fault) ?? 0) + 1);
    return true;
  }

  #delay(): Promise<void> {
    const delayMs = this.#prng.float() * this.faults.maxDelayMs;
    return setTimeout(delayMs, undefined, { signal: this.#over.signal });
  }
}

export async function faultyProxy(
  target: Address,
  seed: number,
  faults: ProxyFaults = noFaults,
): Promise<FaultyProxy> {
  const proxy = new FaultyProxy(target, seed, faults);
  await proxy.listen();
  return proxy;
}
