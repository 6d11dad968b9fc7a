import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address, Logger } from '@quorate/base';
import { ServerError } from '../core/server-error.ts';
import { sniffProtocol } from './sniff.ts';

/** Who takes over a connection once its protocol is known. */
export interface ConnectionTakers {
  http1(socket: Socket): void;
  http2(socket: Socket): void;
}

/** Clients send at once; this is for those that are lost on the way. */
const sniffTimeoutMs = 10_000;

/** The operating system finds clients that vanished without a word. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Every address that clients may connect to, with gRPC and plain HTTP on each. */
export class ClientPort {
  readonly #takers: ConnectionTakers;
  readonly #logger: Logger;
  readonly #servers: Server[] = [];
  readonly #addresses: Address[] = [];
  /** Connections of which it is not known yet what they speak. */
  readonly #unknown = new Set<Socket>();

  constructor(takers: ConnectionTakers, logger: Logger) {
    this.#takers = takers;
    this.#logger = logger;
  }

  /** Each that is or was listened on, with the port that was chosen. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  /**
   * @param address port 0 chooses a free one
   * @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED
   */
  async listen(address: Address): Promise<void> {
    const server = createServer(socketOptions, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => reject(listenFailed(address, error));
      server.once('error', refuse);
      server.listen(address.port, address.host, () => {
        server.off('error', refuse);
        resolve();
      });
    });
    // Out of descriptors, for one: the next connection may be accepted again.
    server.on('error', (error) => this.#logger.warn('accept failed', { reason: error.message }));
    const bound = server.address() as AddressInfo;
    this.#addresses.push({ host: bound.address, port: bound.port });
    this.#servers.push(server);
  }

  /** Stops accepting; connections that were taken over are not touched. */
  stop(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#unknown) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#unknown.add(socket);
    socket.once('close', () => this.#unknown.delete(socket));
    sniffProtocol(socket, sniffTimeoutMs, (protocol) => {
      this.#unknown.delete(socket);
      this.#takers[protocol](socket);
    });
  }
}

function listenFailed({ host, port }: Address, error: NodeJS.ErrnoException): ServerError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const message =
      `cannot serve clients on ${where}: another process listens there; ` +
      'stop it or choose another port with --listen-client-urls';
    return new ServerError('SERVER_ADDRESS_IN_USE', message, { host, port }, { cause: error });
  }
  const reason = error.code ?? error.message;
  const message =
    `cannot serve clients on ${where}: ${reason}; ` +
    'name an address of this machine with --listen-client-urls';
  return new ServerError('SERVER_LISTEN_FAILED', message, { host, port, reason }, { cause: error });
}
