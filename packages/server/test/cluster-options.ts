import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ServerOptions } from '@quorate/server';

const directories: string[] = [];

process.once('exit', () => {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
});

/** Removed when the process ends: the servers in it are closed by hooks that are set later. */
async function temporaryDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-server-'));
  context.after(() => directories.push(directory));
  return directory;
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** The options of each member of a cluster in this process. */
export async function clusterOptions(
  context: TestContext,
  names: readonly string[],
): Promise<ServerOptions[]> {
  const directory = await temporaryDirectory(context);
  const ports = await freePorts(names.length);
  const members = names.map((name, i) => {
    return { name, peerUrls: [`http://127.0.0.1:${ports[i]}`] };
  });
  return names.map((name, i) => ({
    name,
    dataDirectory: join(directory, name),
    members,
    clusterToken: directory,
    listenPeer: { host: '127.0.0.1', port: ports[i] as number },
    listenClient: [{ host: '127.0.0.1', port: 0 }],
    advertiseClientUrls: [`http://${name}:2379`],
    tuning: { heartbeatIntervalMs: 40, electionTimeoutMs: 200, segmentBytes: 4 * 1024 * 1024 },
    log: { level: 'silent', format: 'json' },
  }));
}
