import type { ClientTlsOptions, PeerTlsOptions } from '@quorate/server';
import type { SettingValues } from './setting-values.ts';
import type { SettingKey } from './settings.ts';
import type { HttpUrl } from './url.ts';

/** What is encrypted, and with what; null: nothing is. */
export interface TlsConfiguration {
  readonly clientTls: ClientTlsOptions | null;
  readonly peerTls: PeerTlsOptions | null;
}

/** Addresses that have to go with the certificates. */
export interface TlsAddresses {
  readonly listenClientUrls: readonly HttpUrl[];
  readonly listenPeerUrl: HttpUrl;
  readonly members: readonly { readonly name: string; readonly peerUrl: HttpUrl }[];
}

export interface TlsConflict {
  readonly key: SettingKey;
  readonly problem: string;
}

type Version = NonNullable<PeerTlsOptions['minVersion']>;
type VersionName = NonNullable<SettingValues['tls-min-version']>;

const versions: Readonly<Record<VersionName, Version>> = {
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
};

/** @returns what the settings say; to be asked after `tlsConflict` */
export function tlsConfiguration(values: SettingValues): TlsConfiguration {
  const minVersion = values['tls-min-version'];
  const cipherSuites = values['cipher-suites'];
  const spoken = {
    ...(minVersion === undefined ? {} : { minVersion: versions[minVersion] }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
  };
  const peer = filesOf(
    values['peer-cert-file'],
    values['peer-key-file'],
    values['peer-trusted-ca-file'],
  );
  const client = filesOf(values['cert-file'], values['key-file'], values['trusted-ca-file']);
  const peerNames = values['peer-cert-allowed-cn'];
  const peerHosts = values['peer-cert-allowed-hostname'];
  const clientHosts = values['client-cert-allowed-hostname'];
  return {
    peerTls: peer && {
      ...peer,
      ...spoken,
      ...(peerNames === undefined ? {} : { allowedCommonNames: peerNames }),
      ...(peerHosts === undefined ? {} : { allowedHostnames: peerHosts }),
    },
    clientTls: client && {
      ...client,
      ...spoken,
      clientCertAuth: values['client-cert-auth'] === true,
      ...(clientHosts === undefined ? {} : { allowedHostnames: clientHosts }),
    },
  };
}

function filesOf(certFile?: string, keyFile?: string, trustedCaFile?: string) {
  if (certFile === undefined || keyFile === undefined) return null;
  return { certFile, keyFile, ...(trustedCaFile === undefined ? {} : { trustedCaFile }) };
}

/** The settings of one side, by what they are for. */
interface Side {
  readonly cert: SettingKey;
  readonly key: SettingKey;
  readonly ca: SettingKey;
  readonly urls: SettingKey;
  /** None of them means anything without certificates of the other side. */
  readonly needCa: readonly SettingKey[];
}

const clientSide: Side = {
  cert: 'cert-file',
  key: 'key-file',
  ca: 'trusted-ca-file',
  urls: 'listen-client-urls',
  needCa: ['client-cert-auth', 'client-cert-allowed-hostname'],
};

const peerSide: Side = {
  cert: 'peer-cert-file',
  key: 'peer-key-file',
  ca: 'peer-trusted-ca-file',
  urls: 'listen-peer-urls',
  needCa: ['peer-client-cert-auth', 'peer-cert-allowed-cn', 'peer-cert-allowed-hostname'],
};

/** @returns the setting that does not go with the others, and why; null when all do */
export function tlsConflict(values: SettingValues, addresses: TlsAddresses): TlsConflict | null {
  const { listenClientUrls, listenPeerUrl, members } = addresses;
  return (
    sideConflict(clientSide, values, listenClientUrls) ??
    sideConflict(peerSide, values, [listenPeerUrl]) ??
    memberConflict(listenPeerUrl, members) ??
    ruleConflict(values)
  );
}

function sideConflict(
  side: Side,
  values: SettingValues,
  urls: readonly HttpUrl[],
): TlsConflict | null {
  const { cert, key, ca, needCa } = side;
  for (const [one, other] of [[cert, key] as const, [key, cert] as const, [ca, cert] as const]) {
    if (values[one] === undefined || values[other] !== undefined) continue;
    return { key: one, problem: `it is of no use without --${other}; give that as well` };
  }
  for (const one of needCa) {
    const isGiven = values[one] !== undefined && values[one] !== false;
    if (!isGiven || values[ca] !== undefined) continue;
    return { key: one, problem: `it needs --${ca}, whose authorities are accepted; give that too` };
  }
  const secure = urls.find(({ isSecure }) => isSecure);
  if (secure !== undefined && values[cert] === undefined) {
    const fix = `give --${cert} and --${key}, or use http://`;
    const problem = `${secure.text} needs a certificate; ${fix}`;
    return { key: side.urls, problem };
  }
  if (secure !== undefined || values[cert] === undefined) return null;
  const problem =
    `nothing would be encrypted with it, for --${side.urls} has no https:// URL; ` +
    'write https:// there, or leave the certificates out';
  return { key: cert, problem };
}

/** Links between nodes are all of one kind. */
function memberConflict(
  { isSecure }: HttpUrl,
  members: TlsAddresses['members'],
): TlsConflict | null {
  const other = members.find(({ peerUrl }) => peerUrl.isSecure !== isSecure);
  if (other === undefined) return null;
  const scheme = isSecure ? 'https' : 'http';
  const problem =
    `${other.name} has ${other.peerUrl.text}, but this node listens with ${scheme}:// ` +
    `(--listen-peer-urls); give all peer URLs ${scheme}://`;
  return { key: 'initial-cluster', problem };
}

function ruleConflict(values: SettingValues): TlsConflict | null {
  const names = values['peer-cert-allowed-cn'];
  if (names !== undefined && values['peer-cert-allowed-hostname'] !== undefined) {
    const problem = 'it does not go with --peer-cert-allowed-hostname; give one of them';
    return { key: 'peer-cert-allowed-cn', problem };
  }
  const suites = values['cipher-suites'];
  if (suites !== undefined && values['tls-min-version'] === 'TLS1.3') {
    const problem = 'they are chosen for TLS 1.2, which --tls-min-version excludes; leave one out';
    return { key: 'cipher-suites', problem };
  }
  const metrics = values['listen-metrics-urls']?.find(({ isSecure }) => isSecure);
  if (metrics === undefined) return null;
  const fix = '/metrics is served in the open there; use http://';
  const problem = `${metrics.text} is not for TLS: ${fix}`;
  return { key: 'listen-metrics-urls', problem };
}
