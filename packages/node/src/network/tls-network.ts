import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Address, Logger, Network } from '@quorate/base';
import { isFor } from '../tls/certificate-files.ts';
import { type IdentityRule, judgeIdentity } from '../tls/identity-rule.ts';
import { RefusalLog } from '../tls/refusal-log.ts';
import { tlsReason } from '../tls/tls-reason.ts';
import type { TlsOptions } from '../tls/watched-certificates.ts';
import { WatchedCertificates } from '../tls/watched-certificates.ts';
import { SecureSockets } from './secure-sockets.ts';

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

class CertifiedNetwork extends SecureSockets implements TlsNetwork {
  readonly certificates: WatchedCertificates;

  constructor(certificates: WatchedCertificates, { logger, ...rule }: TlsNetworkOptions) {
    super({
      keys: certificates,
      judge: (certificate) => judgeIdentity(rule, certificate),
      reasonOf: tlsReason,
      adviceFor: (kind) =>
        kind === 'plaintext'
          ? 'if it is a node, give it https peer URLs, --peer-cert-file and --peer-key-file'
          : 'if it is a node, check its --peer-cert-file and --peer-trusted-ca-file',
      dialAdvice: 'compare the --peer-cert-file there with the --peer-trusted-ca-file here',
      dialOptions: (address) => dialOptions(certificates, address),
      unheardReason: unheard,
      refusals: new RefusalLog(logger),
      logger,
    });
    this.certificates = certificates;
  }

  close(): void {
    this.certificates.close();
  }
}

function dialOptions({ context }: WatchedCertificates, { host }: Address): ConnectionOptions {
  return {
    secureContext: context,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_host, { raw }) => {
      const certificate = new X509Certificate(raw);
      if (isFor(certificate, host)) return undefined;
      const said = certificate.subjectAltName ?? 'no host';
      return new Error(
        `its certificate is for ${said}, not for ${host}: issue one that names ${host} as well`,
      );
    },
  };
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
  return new CertifiedNetwork(certificates, options);
}
