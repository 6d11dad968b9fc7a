import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Address, assert, formatAddress, type Logger, present } from '@quorate/base';
import { commonNameOf, judgeIdentity, RefusalLog, TlsDoor } from '@quorate/node';
import { ServerError } from '../core/server-error.ts';
import { ConnectionLimit } from '../limits/connection-limit.ts';
import type { ClientSecurity } from '../tls/server-security.ts';
import type { ClientListener } from '../tls/tls-options.ts';
import { sniffProtocol } from './sniff.ts';

/** Who takes over a connection once its protocol is known. */
export interface ConnectionTakers {
  http1(socket: Socket): void;
  /** @param commonName of the certificate by which the client is known; '' without one */
  http2(socket: Socket, commonName: string): void;
}

/** Clients send at once; this is for those that are lost on the way. */
const sniffTimeoutMs = 10_000;

/** The operating system finds clients that vanished without a word. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Proxies name both, and gRPC needs HTTP/2; pages and JSON are served by either. */
const protocols = ['h2', 'http/1.1'];

/** A handshake takes milliseconds; many take longer only when somebody means harm. */
const doorLimits = { handshakeTimeoutMs: 10_000, maxHandshakes: 512 };

/** Every address that clients may connect to, with gRPC and plain HTTP on each, by TLS or not. */
export class ClientPort {
  readonly #takers: ConnectionTakers;
  readonly #logger: Logger;
  readonly #servers: Server[] = [];
  readonly #addresses: Address[] = [];
  /** Connections of which it is not known yet what they speak. */
  readonly #unknown = new Set<Socket>();

  readonly #option: string;
  readonly #refusals: RefusalLog;
  readonly #security: ClientSecurity | null;
  readonly #door: TlsDoor | null;
  readonly #connections: ConnectionLimit;

  /**
   * @param option what changes the addresses, for errors
   * @param connections those of all addresses of this port
   */
  constructor(
    takers: ConnectionTakers,
    logger: Logger,
    security: ClientSecurity | null = null,
    option = '--listen-client-urls',
    connections: ConnectionLimit = new ConnectionLimit(),
  ) {
    this.#connections = connections;
    this.#takers = takers;
    this.#logger = logger;
    this.#option = option;
    this.#refusals = new RefusalLog(logger);
    this.#security = security;
    this.#door = security === null ? null : this.#doorOf(security);
  }

  /** Each that is or was listened on, with the port that was chosen. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  /**
   * @param address port 0 chooses a free one
   * @throws ServerError SERVER_ADDRESS_IN_USE, SERVER_LISTEN_FAILED
   */
  async listen(address: ClientListener): Promise<void> {
    const isSecure = address.isSecure === true;
    assert(!isSecure || this.#door !== null, 'there are certificates for a secure address');
    const server = createServer(socketOptions, (socket) => {
      const refusal = this.#connections.enter(socket);
      if (refusal !== null) this.#refuse(socket, refusal);
      else if (isSecure) this.#door?.enter(socket);
      else this.#accept(socket, '');
    });
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void =>
        reject(listenFailed(address, this.#option, error));
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
    this.#door?.close();
  }

  #doorOf(security: ClientSecurity): TlsDoor {
    return new TlsDoor({
      certificates: security.certificates,
      protocols,
      limits: doorLimits,
      judge: (certificate) => judgeIdentity(security.options, certificate),
      secured: (socket) => this.#accept(socket, this.#commonNameOf(socket)),
      refused: (remote, { kind, reason }) => {
        const advice =
          kind === 'plaintext'
            ? 'the client has to use https:// here'
            : 'the client needs --cacert, and --cert and --key where certificates are asked for';
        this.#refusals.warn('client refused', remote, { reason, advice });
      },
    });
  }

  /** Whom the client's certificate names; '' when that does not count. */
  #commonNameOf(socket: TLSSocket): string {
    if (this.#security?.options.clientCertAuth !== true) return '';
    return commonNameOf(present(socket.getPeerX509Certificate(), 'a certificate is asked for'));
  }

  #accept(socket: Socket, commonName: string): void {
    this.#unknown.add(socket);
    socket.once('close', () => this.#unknown.delete(socket));
    sniffProtocol(socket, sniffTimeoutMs, (protocol) => {
      this.#unknown.delete(socket);
      if (protocol === 'http2') this.#takers.http2(socket, commonName);
      else if (protocol === 'http1') this.#takers.http1(socket);
      else this.#refuseTls(socket);
    });
  }

  #refuse(socket: Socket, reason: string): void {
    const host = socket.remoteAddress ?? 'unknown';
    const remote = formatAddress({ host, port: socket.remotePort ?? 0 });
    const advice = 'close connections that are not used, or raise --max-connections';
    this.#refusals.warn('client refused', remote, { reason, advice });
    socket.on('error', () => undefined);
    socket.destroy();
  }

  /** Whoever speaks TLS hears that it is not spoken here. */
  #refuseTls(socket: Socket): void {
    const host = socket.remoteAddress ?? 'unknown';
    const remote = formatAddress({ host, port: socket.remotePort ?? 0 });
    const reason = 'it speaks TLS, and this address does not';
    const advice = 'give this address as https:// with --cert-file and --key-file, or use http://';
    this.#refusals.warn('client refused', remote, { reason, advice });
    socket.on('error', () => undefined);
    socket.end('TLS is not spoken here\n');
    socket.destroySoon();
  }
}

function listenFailed(
  { host, port }: Address,
  option: string,
  error: NodeJS.ErrnoException,
): ServerError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const message =
      `cannot serve clients on ${where}: another process listens there; ` +
      `stop it or choose another port with ${option}`;
    return new ServerError('SERVER_ADDRESS_IN_USE', message, { host, port }, { cause: error });
  }
  const reason = error.code ?? error.message;
  const message =
    `cannot serve clients on ${where}: ${reason}; ` +
    `name an address of this machine with ${option}`;
  return new ServerError('SERVER_LISTEN_FAILED', message, { host, port, reason }, { cause: error });
}
