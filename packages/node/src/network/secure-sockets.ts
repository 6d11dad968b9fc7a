import { type AddressInfo, createServer } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Logger,
  Network,
} from '@quorate/base';
import { formatAddress } from '@quorate/base';
import type { RefusalLog } from '../tls/refusal-log.ts';
import { type DoorKeys, type DoorRefusal, TlsDoor, type TlsDoorOptions } from '../tls/tls-door.ts';
import { connectTimeoutMs, maxConnections } from './network.ts';
import { connectError, listenError, networkReason } from './network-failure.ts';
import { queueMarkBytes, SocketConnection } from './socket-connection.ts';

/** What keeps strangers out, and how it is spoken of. */
export interface SecureSocketsOptions {
  readonly keys: DoorKeys;
  readonly judge: TlsDoorOptions['judge'];
  /** What a failed handshake means, by its code; null: nothing that is known. */
  readonly reasonOf: (code: string | undefined) => string | null;
  readonly brokenOffReason?: string;
  /** What to do about whoever was turned away. */
  readonly adviceFor: (kind: DoorRefusal['kind']) => string;
  /** What to do about whoever is not trusted here, where this node has dialled. */
  readonly dialAdvice: string;
  readonly dialOptions: (address: Address) => ConnectionOptions;
  /** What an end before anything was said means. */
  readonly unheardReason?: string;
  /** Left out: 5,000. */
  readonly handshakeTimeoutMs?: number;
  readonly refusals: RefusalLog;
  readonly logger: Logger;
}

/** Keeps what is meant for clients, or for another program, from being taken for a peer. */
const protocol = 'quorate-peer';

const doorLimits = { handshakeTimeoutMs: 5_000, maxHandshakes: 128 };

type Accept = (connection: Connection) => ConnectionHandlers;

/** TCP with TLS, whatever the ends prove themselves by. */
export class SecureSockets implements Network {
  readonly #options: SecureSocketsOptions;

  constructor(options: SecureSocketsOptions) {
    this.#options = options;
  }

  listen(
    address: Address,
    accept: Accept,
    done: (error: Error | null, listener: Listener | null) => void,
  ): void {
    const { keys, judge, reasonOf, brokenOffReason, handshakeTimeoutMs, logger } = this.#options;
    const door = new TlsDoor({
      certificates: keys,
      protocols: [protocol],
      limits: {
        ...doorLimits,
        ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }),
      },
      judge,
      reasonOf,
      ...(brokenOffReason === undefined ? {} : { brokenOffReason }),
      secured: (socket) => this.#accept(socket, accept),
      refused: (remote, refusal) => this.#refuse(remote, refusal),
    });
    const server = createServer({ highWaterMark: queueMarkBytes }, (socket) => door.enter(socket));
    server.maxConnections = maxConnections;
    const failed = (error: Error): void => done(listenError(address, error), null);
    server.once('error', failed);
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.removeListener('error', failed);
      // Out of descriptors, say: the connection is lost, the listener goes on.
      server.on('error', (error) => {
        const fields = { listen: formatAddress(address), reason: networkReason(error) };
        logger.warn('accept failed', fields);
      });
      const { port } = server.address() as AddressInfo;
      const close = (): void => {
        server.close();
        door.close();
      };
      done(null, { address: { host: address.host, port }, close });
    });
  }

  connect(
    address: Address,
    handlers: ConnectionHandlers,
    done: (error: Error | null, connection: Connection | null) => void,
  ): void {
    const { judge, dialOptions, unheardReason } = this.#options;
    const socket = connect({
      ...dialOptions(address),
      host: address.host,
      port: address.port,
      ALPNProtocols: [protocol],
      // Sockets take the options of streams too, which the type declaration leaves out.
      highWaterMark: queueMarkBytes,
    } as ConnectionOptions);
    const failed = (error: NodeJS.ErrnoException): void => {
      socket.destroy();
      const reason = this.#distrust(address, error);
      done(connectError(address, error, reason), null);
    };
    socket.once('error', failed);
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }));
    }, connectTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      const reason = judge(socket.getPeerX509Certificate());
      if (reason !== null) {
        socket.destroy(new Error(reason));
        return;
      }
      socket.removeListener('error', failed);
      const connection = new SocketConnection(socket, null, unheardReason);
      connection.attach(handlers);
      done(null, connection);
    });
  }

  #accept(socket: TLSSocket, accept: Accept): void {
    if (socket.alpnProtocol !== protocol) {
      const remote = formatAddress({
        host: socket.remoteAddress ?? 'unknown',
        port: socket.remotePort ?? 0,
      });
      socket.on('error', () => undefined);
      socket.destroy();
      this.#refuse(remote, { kind: 'handshake', reason: 'it is no node: this port is for peers' });
      return;
    }
    // Until the end of the turn the last of the handshake may not have left: an owner that closes
    // at once would take it from the other end.
    const ended = (): void => undefined;
    socket.on('error', ended);
    setImmediate(() => {
      if (socket.destroyed) return;
      const connection = new SocketConnection(socket);
      connection.attach(accept(connection));
      socket.removeListener('error', ended);
    });
  }

  /** Whoever dials is told as well, but may say so later, among other reasons, or not at all. */
  #distrust(address: Address, { code }: NodeJS.ErrnoException): string | null {
    const { reasonOf, refusals, dialAdvice } = this.#options;
    const reason = reasonOf(code);
    if (reason === null) return null;
    refusals.warn('peer refused', formatAddress(address), { reason, advice: dialAdvice });
    return reason;
  }

  #refuse(remote: string, { kind, reason }: DoorRefusal): void {
    const { refusals, adviceFor } = this.#options;
    refusals.warn('peer refused', remote, { reason, advice: adviceFor(kind) });
  }
}
