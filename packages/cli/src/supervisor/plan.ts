import { join } from 'node:path';
import type { Address } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { supervisedFlag } from '../child-message.ts';
import { CliError } from '../cli-error.ts';
import type { ServiceSettings } from '../configuration/serve-configuration.ts';
import type { SettingKey } from '../configuration/settings.ts';

const host = '127.0.0.1';
/** Far enough apart that the ports of one node are recognized at a glance: 2379, 2479, 2579. */
const portStride = 100;

export interface ClusterShape {
  readonly nodes: number;
  /** Whether all that travels is encrypted, and each side shows a certificate. */
  readonly tls: boolean;
  readonly clientPort: number;
  readonly peerPort: number;
}

/** Paths. */
export interface NodeCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface NodePlan {
  readonly name: string;
  /** null: without TLS. */
  readonly certificates: NodeCertificates | null;
  readonly client: Address;
  readonly peer: Address;
  readonly dataDirectory: string;
  readonly logPath: string;
}

/** @throws CliError CLI_USAGE when the ports do not fit */
export function planNodes(directory: string, shape: ClusterShape): NodePlan[] {
  const plans: NodePlan[] = [];
  const taken = new Map<number, string>();
  for (let index = 0; index < shape.nodes; index++) {
    const name = `n${index + 1}`;
    const client = { host, port: shape.clientPort + index * portStride };
    const peer = { host, port: shape.peerPort + index * portStride };
    for (const { port } of [client, peer]) {
      if (port > 65_535) {
        throw usage(`${name} would need port ${port}, above 65535; lower --client-port or --nodes`);
      }
      const other = taken.get(port);
      if (other !== undefined) {
        throw usage(`${other} and ${name} would share port ${port}; choose another --peer-port`);
      }
      taken.set(port, name);
    }
    const certificates = shape.tls ? certificatesOf(certificatesPath(directory), name) : null;
    plans.push({
      name,
      certificates,
      client,
      peer,
      dataDirectory: join(directory, name, 'data'),
      logPath: join(directory, name, 'log'),
    });
  }
  return plans;
}

/** Where a cluster in `directory` keeps its certificates, if it has any. */
export function certificatesPath(directory: string): string {
  return join(directory, 'certs');
}

/** The paths of what `name`, a node or a client, shows and trusts. */
export function certificatesOf(path: string, name: string): NodeCertificates {
  return {
    ca: join(path, 'ca.crt'),
    cert: join(path, `${name}.crt`),
    key: join(path, `${name}.key`),
  };
}

function usage(message: string): CliError {
  return new CliError('CLI_USAGE', message, {});
}

/** What the nodes of a local cluster serve. */
export interface ClusterService {
  readonly kind: 'etcd' | 'ledger';
  /** In front of `serve`. */
  readonly words: readonly string[];
  /** Of the first node, when nothing else is said. */
  readonly clientPort: number;
  /** Left out: all settings are its own. */
  readonly settings?: ServiceSettings;
}

export type NodeFlags = Readonly<Partial<Record<SettingKey, string>>>;

/** The settings of one planned node, as `quorate serve` takes them. */
export function serveFlags(
  node: NodePlan,
  nodes: readonly NodePlan[],
  token: string,
  state: 'new' | 'existing',
  settings?: ServiceSettings,
): NodeFlags {
  const { clientUrl, peerUrl } = urlsOf(node);
  const all: NodeFlags = {
    name: node.name,
    'data-dir': node.dataDirectory,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': nodes.map((one) => `${one.name}=${urlsOf(one).peerUrl}`).join(','),
    'initial-cluster-state': state,
    'initial-cluster-token': token,
    ...(node.certificates === null ? {} : tlsFlags(node.certificates)),
  };
  const keys: readonly string[] | undefined = settings?.keys;
  if (keys === undefined) return all;
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)));
}

/** Clients and peers both have to show a certificate of the cluster's own authority. */
function tlsFlags({ ca, cert, key }: NodeCertificates): NodeFlags {
  return {
    'cert-file': cert,
    'key-file': key,
    'trusted-ca-file': ca,
    'client-cert-auth': 'true',
    'peer-cert-file': cert,
    'peer-key-file': key,
    'peer-trusted-ca-file': ca,
  };
}

/** The arguments behind `quorate` that start such a node under a supervisor. */
export function serveArguments(flags: NodeFlags): string[] {
  const settings = Object.entries(flags).map(([key, value]) => `--${key}=${value}`);
  return ['serve', ...settings, '--json', supervisedFlag];
}

/** Where clients and other nodes reach a node. */
export function urlsOf({ client, peer, certificates }: NodePlan): {
  readonly clientUrl: string;
  readonly peerUrl: string;
} {
  const scheme = certificates === null ? 'http' : 'https';
  return {
    clientUrl: `${scheme}://${formatAddress(client)}`,
    peerUrl: `${scheme}://${formatAddress(peer)}`,
  };
}
