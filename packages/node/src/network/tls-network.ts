import { X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer, isIP } from 'node:net';
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
import { isFor } from '../tls/certificate-files.ts';
import { type IdentityRule, judgeIdentity } from '../tls/identity-rule.ts';
import { RefusalLog } from '../tls/refusal-log.ts';
import { type DoorRefusal, TlsDoor } from '../tls/tls-door.ts';
import { tlsReason } from '../tls/tls-reason.ts';
import type { TlsOptions } from '../tls/watched-certificates.ts';
import { WatchedCertificates } from '../tls/watched-certificates.ts';
import { connectTimeoutMs, maxConnections } from './network.ts';
import { connectError, listenError, networkReason } from './network-failure.ts';
import { queueMarkBytes, SocketConnection } from './socket-connection.ts';

/** Each end shows its certificate when there is `trustedCaFile`; the rule holds for both ends. */
export interface TlsNetworkOptions extends TlsOptions, IdentityRule {
  readonly logger: Logger;
}

/** TCP with TLS. */
export interface TlsNetwork extends Network {
  /** What this node shows the others; read again when its files change. */
  readonly certificates: WatchedCertificates;
  /** Looks at the files no more. Connections are not touched. */
  close(): void;
}

/** Keeps what is meant for clients, or for another program, from being taken for a peer. */
const protocol = 'quorate-peer';

const doorLimits = { handshakeTimeoutMs: 5_000, maxHandshakes: 128 };

type Accept = (connection: Connection) => ConnectionHandlers;

class SecureNetwork implements TlsNetwork {
  readonly certificates: WatchedCertificates;
  readonly #rule: IdentityRule;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;

  constructor(certificates: WatchedCertificates, { logger, ...rule }: TlsNetworkOptions) {
    this.certificates = certificates;
    this.#rule = rule;
    this.#logger = logger;
    this.#refusals = new RefusalLog(logger);
  }

  listen(
    address: Address,
    accept: Accept,
    done: (error: Error | null, listener: Listener | null) => void,
  ): void {
    const door = new TlsDoor({
      certificates: this.certificates,
      protocols: [protocol],
      limits: doorLimits,
      judge: (certificate) => judgeIdentity(this.#rule, certificate),
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
        this.#logger.warn('accept failed', fields);
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
    const socket = connect(this.#dialOptions(address));
    const failed = (error: Error): void => {
      socket.destroy();
      this.#distrust(address, error);
      done(connectError(address, error), null);
    };
    socket.once('error', failed);
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }));
    }, connectTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      const reason = judgeIdentity(this.#rule, socket.getPeerX509Certificate());
      if (reason !== null) {
        socket.destroy(new Error(reason));
        return;
      }
      socket.removeListener('error', failed);
      const connection = new SocketConnection(socket, null, unheard);
      connection.attach(handlers);
      done(null, connection);
    });
  }

  close(): void {
    this.certificates.close();
  }

  #dialOptions({ host, port }: Address): ConnectionOptions {
    return {
      host,
      port,
      secureContext: this.certificates.context,
      ALPNProtocols: [protocol],
      highWaterMark: queueMarkBytes,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_host, { raw }) => {
        const certificate = new X509Certificate(raw);
        if (isFor(certificate, host)) return undefined;
        const said = certificate.subjectAltName ?? 'no host';
        return new Error(
          `its certificate is for ${said}, not for ${host}: issue one that names ${host} as well`,
        );
      },
    } as ConnectionOptions;
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
    const connection = new SocketConnection(socket);
    connection.attach(accept(connection));
  }

  /** Whoever dials is told as well, but may say so later, among other reasons, or not at all. */
  #distrust(address: Address, error: NodeJS.ErrnoException): void {
    const reason = tlsReason(error.code);
    if (reason === null) return;
    const advice = 'compare the --peer-cert-file there with the --peer-trusted-ca-file here';
    this.#refusals.warn('peer refused', formatAddress(address), { reason, advice });
  }

  #refuse(remote: string, { kind, reason }: DoorRefusal): void {
    const advice =
      kind === 'plaintext'
        ? 'if it is a node, give it https peer URLs, --peer-cert-file and --peer-key-file'
        : 'if it is a node, check its --peer-cert-file and --peer-trusted-ca-file';
    this.#refusals.warn('peer refused', remote, { reason, advice });
  }
}

const unheard =
  'the peer ended the connection right after the TLS handshake; ' +
  "when it refuses this node's certificate, its log says why";

/**
 * TCP with TLS between nodes: the certificate of the node that is connected to has to be for the
 * host of its address, and with `trustedCaFile` both ends have to show one of these authorities.
 * Give its function to `network` of `openMember` or `openNode`: `network: () => network`.
 *
 * @throws NodeError NODE_TLS_INVALID
 */
export async function openTlsNetwork(options: TlsNetworkOptions): Promise<TlsNetwork> {
  const certificates = await WatchedCertificates.open({
    tls: options,
    name: 'peer',
    use: options.trustedCaFile === undefined ? 'server' : 'serverAndClient',
    // All ends are this program.
    defaultMinVersion: 'TLSv1.3',
    logger: options.logger,
  });
  return new SecureNetwork(certificates, options);
}
