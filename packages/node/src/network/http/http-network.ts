import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Logger,
  Network,
} from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { listenError, networkReason } from '../network-failure.ts';
import { dialTunnel } from './dialled-tunnel.ts';
import {
  checkHttpHeaders,
  checkHttpPath,
  type HttpNetworkLimits,
  resolveHttpLimits,
} from './http-limits.ts';
import { TunnelRoom } from './tunnel-room.ts';

/** The path is part of the protocol: the same on every node. See docs/guides/http-transport.md. */
export interface HttpNetworkOptions {
  readonly logger: Logger;
  /** What comes before a connection's id in the path of its requests. Default `/quorate/peer`. */
  readonly path?: string;
  /**
   * True: `listen` opens no port. The requests come through `handler`, from a server of the user's.
   */
  readonly mounted?: boolean;
  /** Sent with each request, for a proxy that asks for them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits?: Partial<HttpNetworkLimits>;
}

/**
 * Connections between nodes as pairs of HTTP/1.1 requests, for where nothing else passes; not
 * encrypted, so behind a proxy that is.
 */
export interface HttpNetwork extends Network {
  /**
   * Takes a request when it is for this network: its path begins with the network's, and the
   * network listens. To be called before anything has read the body.
   *
   * @returns false when the request is somebody else's
   */
  handler(request: IncomingMessage, response: ServerResponse): boolean;
}

type Accept = (connection: Connection) => ConnectionHandlers;
type ListenDone = (error: Error | null, listener: Listener | null) => void;

/** An idle socket is kept for the next request; a tunnel has one every few seconds. */
const keepAliveMs = 60_000;
/** For whoever is just being answered when the last tunnel has ended. */
const closeGraceMs = 1_000;
const maxHeaderBytes = 16 * 1024;

class TunnelNetwork implements HttpNetwork {
  readonly #logger: Logger;
  readonly #path: string;
  readonly #isMounted: boolean;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #limits: HttpNetworkLimits;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  /** The last one that was opened gets what comes through `handler`. */
  readonly #rooms: TunnelRoom[] = [];

  constructor(options: HttpNetworkOptions) {
    this.#logger = options.logger;
    this.#path = checkHttpPath(options.path ?? '/quorate/peer');
    this.#isMounted = options.mounted === true;
    this.#headers = { ...options.headers };
    checkHttpHeaders(this.#headers);
    this.#limits = resolveHttpLimits(options.limits ?? {});
  }

  handler(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#rooms.at(-1)?.handle(request, response) === true;
  }

  listen(address: Address, accept: Accept, done: ListenDone): void {
    if (this.#isMounted) this.#mount(address, accept, done);
    else this.#serve(address, accept, done);
  }

  connect(
    address: Address,
    handlers: ConnectionHandlers,
    done: (error: Error | null, connection: Connection | null) => void,
  ): void {
    const route = { agent: this.#agent, address, headers: this.#headers };
    dialTunnel({ route, path: this.#path, limits: this.#limits }, handlers, done);
  }

  #mount(address: Address, accept: Accept, done: ListenDone): void {
    const room = this.#room(accept, () => undefined);
    setImmediate(() => done(null, { address, close: () => room.close() }));
  }

  #serve(address: Address, accept: Accept, done: ListenDone): void {
    const server = createServer({
      keepAliveTimeout: keepAliveMs,
      requestTimeout: this.#limits.answerTimeoutMs + keepAliveMs,
      headersTimeout: this.#limits.answerTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      noDelay: true,
    });
    // Each has a socket for the request that waits and one for the bytes.
    server.maxConnections = 2 * this.#limits.maxConnections;
    const failed = (error: Error): void => done(listenError(address, error), null);
    server.once('error', failed);
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.removeListener('error', failed);
      server.on('error', (error) => {
        this.#logger.warn('accept failed', {
          listen: formatAddress(address),
          reason: networkReason(error),
        });
      });
      const room = this.#room(accept, () => closeServer(server));
      server.on('request', (request, response) => {
        if (!room.handle(request, response)) notFound(response);
      });
      const { port } = server.address() as AddressInfo;
      done(null, { address: { host: address.host, port }, close: () => room.close() });
    });
  }

  #room(accept: Accept, emptied: () => void): TunnelRoom {
    const room = new TunnelRoom({
      path: this.#path,
      limits: this.#limits,
      logger: this.#logger,
      accept,
      emptied: () => {
        this.#rooms.splice(this.#rooms.indexOf(room), 1);
        emptied();
      },
    });
    this.#rooms.push(room);
    return room;
  }
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-length': 0, connection: 'close' });
  response.end();
}

/** The port is free on return. */
function closeServer(server: Server): void {
  server.close();
  setTimeout(() => server.closeAllConnections(), closeGraceMs).unref();
}

/**
 * Connections through plain HTTP/1.1 requests, for where nothing else passes: each is a tunnel that
 * its dialler keeps up by POSTs, so that it runs through proxies that hold requests and answers
 * back until they are whole, close idle ones, or send them twice. Neither side needs more of the
 * way than that each request gets its own answer or none.
 *
 * As with TCP, bytes are neither lost nor doubled nor reordered, or the connection ends; unlike
 * TCP, a listener that was closed keeps its port until the connections it has accepted are over.
 *
 * @throws NodeError NODE_OPTIONS_INVALID
 */
export function createHttpNetwork(options: HttpNetworkOptions): HttpNetwork {
  return new TunnelNetwork(options);
}
