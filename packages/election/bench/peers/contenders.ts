import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, type ClusterPlan } from '../election/cluster.ts';
import type { Contender, Running } from './contender.ts';
import { EtcdServers, etcdVersion } from './etcd-servers.ts';

/** The newest that were looked at; others may behave otherwise. */
const packages = {
  liferaft: '@markwylde/liferaft',
  tinyraft: 'tinyraft',
  antietcd: 'antietcd',
  etcd3: 'etcd3',
} as const;

export const names = ['quorate', ...Object.keys(packages)] as const;

/** etcd grants no shorter lease with its own defaults. */
const ttlSeconds = 2;

interface Members {
  readonly program: URL;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly extra: Readonly<Record<string, string>>;
  readonly isNoisy?: boolean;
}

/**
 * @param directory where the peers are installed; null: nowhere
 * @param skipped told of each that cannot run, and why
 */
export function contendersOf(
  wanted: readonly string[],
  directory: string | null,
  skipped: (name: string, why: string) => void,
): Contender[] {
  const found: Contender[] = [];
  for (const name of wanted) {
    const contender = name === 'quorate' ? quorate() : peer(name, directory, skipped);
    if (contender !== null) found.push(contender);
  }
  return found;
}

function peer(
  name: string,
  directory: string | null,
  skipped: (name: string, why: string) => void,
): Contender | null {
  const version = directory === null ? null : versionOf(name, directory);
  if (directory === null || version === null) {
    const where = directory === null ? 'give --peers DIR' : `it is not installed in ${directory}`;
    skipped(name, where);
    return null;
  }
  if (name === 'liferaft') return liferaft(version, directory);
  if (name === 'tinyraft') return tinyraft(version, directory);
  if (name === 'antietcd') return antietcd(version, directory);
  const server = etcdVersion();
  if (server !== null) return etcd3(`${version}, etcd ${server}`, directory);
  skipped(name, 'there is no etcd here: install the Debian package etcd-server, or set ETCD');
  return null;
}

function versionOf(name: string, directory: string): string | null {
  const folder = packages[name as keyof typeof packages];
  try {
    const text = readFileSync(join(directory, 'node_modules', folder, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return null;
  }
}

function quorate(): Contender {
  const heartbeatIntervalMs = 40;
  const electionTimeoutMs = 200;
  const members: Members = {
    program: new URL('../election/candidate.ts', import.meta.url),
    heartbeatIntervalMs,
    electionTimeoutMs,
    extra: {},
  };
  return {
    name: 'quorate',
    version: 'this checkout',
    times: 'defaults: heartbeats 40 ms, elections after 200 to 400 ms',
    timeoutMs: 400,
    halves: 5,
    tellsFollowing: true,
    start: (count, directory, hasLinks) => start(members, count, directory, hasLinks),
  };
}

function liferaft(version: string, peers: string): Contender {
  const members: Members = {
    program: new URL('./liferaft-member.ts', import.meta.url),
    heartbeatIntervalMs: 50,
    electionTimeoutMs: 300,
    extra: { peers },
  };
  return {
    name: 'liferaft',
    version,
    times: 'defaults: heartbeats 50 ms, elections after 150 to 300 ms',
    timeoutMs: 300,
    halves: 5,
    tellsFollowing: true,
    start: (count, directory, hasLinks) => start(members, count, directory, hasLinks),
  };
}

function tinyraft(version: string, peers: string): Contender {
  const members: Members = {
    program: new URL('./tinyraft-member.ts', import.meta.url),
    heartbeatIntervalMs: 40,
    electionTimeoutMs: 200,
    extra: { peers, leadershipTimeoutMs: '120' },
  };
  return {
    name: 'tinyraft',
    version,
    times: "antietcd's defaults / 25: heartbeats 40 ms, leadership 120 ms, elections 200 ms",
    timeoutMs: 480,
    halves: 5,
    tellsFollowing: true,
    start: (count, directory, hasLinks) => start(members, count, directory, hasLinks),
  };
}

function antietcd(version: string, peers: string): Contender {
  const members: Members = {
    program: new URL('./antietcd-member.ts', import.meta.url),
    heartbeatIntervalMs: 1_000,
    electionTimeoutMs: 5_000,
    extra: { peers },
    isNoisy: true,
  };
  return {
    name: 'antietcd',
    version,
    times: 'defaults: heartbeats 1 s, leadership 3 s, elections 5 s',
    timeoutMs: 12_000,
    halves: 5,
    tellsFollowing: true,
    start: (count, directory, hasLinks) => start(members, count, directory, hasLinks),
  };
}

function etcd3(version: string, peers: string): Contender {
  const members: Members = {
    program: new URL('./etcd3-member.ts', import.meta.url),
    heartbeatIntervalMs: (1000 * ttlSeconds) / 3,
    electionTimeoutMs: 1000 * ttlSeconds,
    extra: { peers, ttlSeconds: String(ttlSeconds) },
  };
  return {
    name: 'etcd3',
    version,
    times: `lease of ${ttlSeconds} s, the shortest that etcd grants; etcd3's default is 60 s`,
    timeoutMs: 2000 * ttlSeconds,
    halves: 3,
    tellsFollowing: false,
    start: async (count, directory, hasLinks) => {
      const servers = await EtcdServers.open(join(directory, 'etcd'));
      try {
        const running = await start(members, count, directory, hasLinks, servers.ports);
        const close = async (): Promise<void> => {
          await running.close();
          await servers.close();
        };
        return { cluster: running.cluster, servers, close };
      } catch (error) {
        await servers.close();
        throw error;
      }
    },
  };
}

async function start(
  members: Members,
  count: number,
  directory: string,
  hasLinks: boolean,
  targets?: readonly number[],
): Promise<Running> {
  const plan: ClusterPlan = {
    ...members,
    members: count,
    directory,
    delayMs: hasLinks ? 0 : null,
    ...(targets === undefined ? {} : { targets }),
  };
  const cluster = await Cluster.start(plan);
  return { cluster, servers: null, close: () => cluster.close() };
}
