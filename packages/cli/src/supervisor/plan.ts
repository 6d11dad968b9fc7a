import { join } from 'node:path';
import type { Address } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { supervisedFlag } from '../child-message.ts';
import { CliError } from '../cli-error.ts';
import type { SettingKey } from '../configuration/settings.ts';

const host = '127.0.0.1';
/** Far enough apart that the ports of one node are recognized at a glance: 2379, 2479, 2579. */
const portStride = 100;

export interface ClusterShape {
  readonly nodes: number;
  readonly clientPort: number;
  readonly peerPort: number;
}

export interface NodePlan {
  readonly name: string;
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
    plans.push({
      name,
      client,
      peer,
      dataDirectory: join(directory, name, 'data'),
      logPath: join(directory, name, 'log'),
    });
  }
  return plans;
}

function usage(message: string): CliError {
  return new CliError('CLI_USAGE', message, {});
}

export type NodeFlags = Readonly<Partial<Record<SettingKey, string>>>;

/** The settings of one planned node, as `quorate serve` takes them. */
export function serveFlags(
  node: NodePlan,
  nodes: readonly NodePlan[],
  token: string,
  state: 'new' | 'existing',
): NodeFlags {
  const clientUrl = httpUrl(node.client);
  const peerUrl = httpUrl(node.peer);
  return {
    name: node.name,
    'data-dir': node.dataDirectory,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': nodes.map(({ name, peer }) => `${name}=${httpUrl(peer)}`).join(','),
    'initial-cluster-state': state,
    'initial-cluster-token': token,
  };
}

/** The arguments behind `quorate` that start such a node under a supervisor. */
export function serveArguments(flags: NodeFlags): string[] {
  const settings = Object.entries(flags).map(([key, value]) => `--${key}=${value}`);
  return ['serve', ...settings, '--json', supervisedFlag];
}

export function httpUrl(address: Address): string {
  return `http://${formatAddress(address)}`;
}
