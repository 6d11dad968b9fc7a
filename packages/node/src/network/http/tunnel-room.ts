import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection, ConnectionHandlers, Logger } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { AcceptedTunnel, type Responder, refusal } from './accepted-tunnel.ts';
import { BodyReader } from './body-reader.ts';
import type { HttpNetworkLimits } from './http-limits.ts';
import { decodeFrame, headBytes, maxReasonBytes, type TunnelFrame } from './tunnel-frame.ts';

/** One that waits, one with bytes, and copies of either. */
const maxRequestsPerTunnel = 8;

/** A stranger that knocks does not fill the log. */
const logIntervalMs = 10_000;

export interface TunnelRoomOptions {
  readonly path: string;
  readonly limits: HttpNetworkLimits;
  readonly logger: Logger;
  readonly accept: (connection: Connection) => ConnectionHandlers;
  /** No new connections are taken and the last one has ended. */
  readonly emptied: () => void;
}

/** All tunnels that were opened to one listener, and the door: what is let in is well-formed. */
export class TunnelRoom {
  readonly #options: TunnelRoomOptions;
  readonly #bodies: BodyReader;
  readonly #tunnels = new Map<string, AcceptedTunnel>();
  /** Requests that are being read or wait for their answer, by the id of their tunnel. */
  readonly #requests = new Map<string, number>();
  #isClosing = false;
  #isEmptied = false;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TunnelRoomOptions) {
    this.#options = options;
    this.#bodies = new BodyReader(options.limits.maxIncomingBytes);
  }

  /** @returns false when the request is for another path */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const id = idIn(request.url ?? '', this.#options.path);
    if (id === null) return false;
    // Its asker may go away while it is written.
    response.on('error', () => undefined);
    if (!/^[0-9a-f]{32}$/.test(id)) {
      refuse(response, 400, 'the id of a connection is 32 hex digits in lower case');
    } else if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      refuse(response, 405, 'a tunnel is carried by POST');
    } else {
      this.#read(id, request, response);
    }
    return true;
  }

  /** Takes no new connections; those that are open go on. */
  close(): void {
    this.#isClosing = true;
    for (const tunnel of this.#tunnels.values()) {
      if (tunnel.state === 'offered') this.#tunnels.delete(tunnel.id);
    }
    this.#checkEmptied();
  }

  #read(id: string, request: IncomingMessage, response: ServerResponse): void {
    const { limits } = this.#options;
    const count = (this.#requests.get(id) ?? 0) + 1;
    if (count > maxRequestsPerTunnel) {
      refuse(response, 429, 'too many requests of one connection at once');
      return;
    }
    this.#requests.set(id, count);
    response.on('close', () => this.#answered(id));
    // Who is not known yet has nothing to say but `open`.
    const bytes = this.#tunnels.has(id) ? limits.maxBodyBytes : maxReasonBytes;
    this.#bodies.read(request, headBytes + bytes, (body) => {
      if (body === 'busy') {
        refuse(response, 503, 'too many bytes are under way here');
      } else if (body === 'tooLarge') {
        this.#refuseLarge(id, response);
      } else {
        const frame = decodeFrame(body);
        if (typeof frame === 'string') refuse(response, 400, frame);
        else this.#dispatch(id, frame, request, responderOf(response));
      }
    });
  }

  #answered(id: string): void {
    const left = (this.#requests.get(id) ?? 1) - 1;
    if (left === 0) this.#requests.delete(id);
    else this.#requests.set(id, left);
  }

  #refuseLarge(id: string, response: ServerResponse): void {
    const { maxBodyBytes } = this.#options.limits;
    if (this.#tunnels.has(id)) {
      refuse(response, 413, `at most ${maxBodyBytes} bytes of a stream fit into one request`);
    } else {
      responderOf(response, 'close').answer(404, refusal(0, unknownReason));
    }
  }

  #dispatch(id: string, frame: TunnelFrame, request: IncomingMessage, responder: Responder): void {
    const { kind, number } = frame;
    const tunnel = this.#tunnels.get(id);
    if (kind !== 'open' && kind !== 'send' && kind !== 'poll' && kind !== 'close') {
      responder.answer(400, refusal(number, `a request is never ${kind}`));
    } else if (tunnel !== undefined) {
      tunnel.handle(frame, responder);
    } else if (kind !== 'open') {
      responder.answer(404, refusal(number, unknownReason));
    } else {
      this.#open(id, frame, request, responder);
    }
  }

  #open(id: string, frame: TunnelFrame, request: IncomingMessage, responder: Responder): void {
    const { limits, accept } = this.#options;
    const { remoteAddress, remotePort } = request.socket;
    const remote = formatAddress({ host: remoteAddress ?? 'unknown', port: remotePort ?? 0 });
    if (this.#isClosing || !this.#hasRoom()) {
      const reason = this.#isClosing ? 'this node is closing' : 'too many connections are open';
      if (!this.#isClosing) this.#warn('connection refused', { reason, remote });
      responder.answer(503, refusal(frame.number, reason));
      return;
    }
    const tunnel = new AcceptedTunnel(id, remote, {
      limits,
      accept,
      ended: () => this.#checkEmptied(),
      gone: () => {
        if (this.#tunnels.get(id) === tunnel) this.#tunnels.delete(id);
        this.#checkEmptied();
      },
    });
    this.#tunnels.set(id, tunnel);
    tunnel.handle(frame, responder);
  }

  /** Those that only stay to say that they have ended make room. */
  #hasRoom(): boolean {
    const { maxConnections } = this.#options.limits;
    if (this.#tunnels.size < maxConnections) return true;
    for (const tunnel of this.#tunnels.values()) {
      if (tunnel.state !== 'over') continue;
      this.#tunnels.delete(tunnel.id);
      return true;
    }
    return false;
  }

  #checkEmptied(): void {
    if (!this.#isClosing || this.#isEmptied) return;
    for (const { state } of this.#tunnels.values()) if (state !== 'over') return;
    this.#isEmptied = true;
    this.#options.emptied();
  }

  #warn(event: string, fields: Readonly<Record<string, string>>): void {
    const nowMs = performance.now();
    if (nowMs - this.#loggedAtMs < logIntervalMs) return;
    this.#loggedAtMs = nowMs;
    this.#options.logger.warn(event, fields);
  }
}

const unknownReason = 'it does not know this connection, or no longer';

/** @returns what follows `path/`, without a query; null when the path is another */
function idIn(url: string, path: string): string | null {
  if (!url.startsWith(path)) return null;
  const rest = url.slice(path.length).split('?', 1)[0] ?? '';
  return rest.startsWith('/') ? rest.slice(1) : null;
}

/** The body may not have been read: the socket is not used again. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  const body = Buffer.from(`${reason}\n`);
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(body);
}

function responderOf(response: ServerResponse, connection?: 'close'): Responder {
  return {
    answer: (status, body) => {
      if (response.destroyed) return;
      response.writeHead(status, {
        'content-type': 'application/octet-stream',
        'content-length': body.length,
        'cache-control': 'no-store, no-transform',
        ...(connection === undefined ? {} : { connection }),
      });
      response.end(body);
    },
    onGone: (callback) => {
      response.on('close', () => {
        if (!response.writableFinished) callback();
      });
    },
  };
}
