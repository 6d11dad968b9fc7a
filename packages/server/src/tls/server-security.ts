import type { Logger } from '@quorate/base';
import { isFor, openTlsNetwork, type TlsNetwork, WatchedCertificates } from '@quorate/node';
import type { ServerOptions } from '../server.ts';
import type { ClientTlsOptions } from './tls-options.ts';

const gaugeName = 'quorate_tls_certificate_expires_in_seconds';

/** What the client port needs to speak TLS. */
export interface ClientSecurity {
  readonly certificates: WatchedCertificates;
  readonly options: ClientTlsOptions;
}

/** The certificates of one server, in use until it is closed. */
export class ServerSecurity {
  /** Null: links to the other nodes are in the open. */
  readonly peers: TlsNetwork | null;
  readonly clients: ClientSecurity | null;

  private constructor(peers: TlsNetwork | null, clients: ClientSecurity | null) {
    this.peers = peers;
    this.clients = clients;
  }

  /** @throws NodeError NODE_TLS_INVALID */
  static async open(options: ServerOptions, logger: Logger): Promise<ServerSecurity> {
    const { peerTls, clientTls } = options;
    const peers = peerTls === undefined ? null : await openTlsNetwork({ ...peerTls, logger });
    try {
      const clients = clientTls === undefined ? null : await openClients(clientTls, logger);
      const security = new ServerSecurity(peers, clients);
      security.#warnOfHosts(options, logger);
      return security;
    } catch (error) {
      peers?.close();
      throw error;
    }
  }

  /** In the Prometheus text format; '' without certificates. */
  metricsText(): string {
    const all = [this.clients?.certificates, this.peers?.certificates];
    const lines = all.flatMap((one) => {
      if (one === undefined) return [];
      return `${gaugeName}{use="${one.name}"} ${Math.round(one.expiresInSeconds)}\n`;
    });
    if (lines.length === 0) return '';
    const help = 'Until the certificate shown to others expires; negative: since it has.';
    return `# HELP ${gaugeName} ${help}\n# TYPE ${gaugeName} gauge\n${lines.join('')}`;
  }

  close(): void {
    this.peers?.close();
    this.clients?.certificates.close();
  }

  /** Others would refuse to connect; but a proxy may stand between. */
  #warnOfHosts(options: ServerOptions, logger: Logger): void {
    const own = options.members.find(({ name }) => name === options.name);
    const shown = [
      { certificates: this.peers?.certificates, urls: own?.peerUrls ?? [] },
      { certificates: this.clients?.certificates, urls: options.advertiseClientUrls },
    ];
    for (const { certificates, urls } of shown) {
      if (certificates === undefined) continue;
      for (const url of urls) {
        const { protocol, hostname } = new URL(url);
        const host = hostname.replace(/^\[|\]$/g, '');
        if (protocol !== 'https:' || isFor(certificates.leaf, host)) continue;
        const advice = 'whoever connects there refuses it; issue one that names this host as well';
        const names = certificates.leaf.subjectAltName ?? '';
        const fields = { use: certificates.name, host, names, advice };
        logger.warn('certificate is not for an advertised host', fields);
      }
    }
  }
}

async function openClients(options: ClientTlsOptions, logger: Logger): Promise<ClientSecurity> {
  const certificates = await WatchedCertificates.open({
    tls: options,
    name: 'client',
    use: 'server',
    defaultMinVersion: 'TLSv1.2',
    logger,
  });
  return { certificates, options };
}
