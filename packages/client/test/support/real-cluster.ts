import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type QuorateServer, startServer } from '@quorate/server';

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Servers of one cluster in this process; all end with the test. */
export async function startCluster(context: TestContext, count: number): Promise<QuorateServer[]> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-client-'));
  const ports = await freePorts(count);
  const members = ports.map((port, at) => {
    return { name: `n${at}`, peerUrls: [`http://127.0.0.1:${port}`] };
  });
  const servers = await Promise.all(
    ports.map((port, at) =>
      startServer({
        name: `n${at}`,
        dataDirectory: join(directory, `n${at}`),
        members,
        clusterToken: directory,
        listenPeer: { host: '127.0.0.1', port },
        listenClient: [{ host: '127.0.0.1', port: 0 }],
        advertiseClientUrls: [`http://127.0.0.1:${port}`],
        tuning: { heartbeatIntervalMs: 40, electionTimeoutMs: 400, segmentBytes: 4 * 1024 * 1024 },
        log: { level: 'silent', format: 'json' },
      }),
    ),
  );
  context.after(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(directory, { recursive: true, force: true });
  });
  return servers;
}

export function endpointOf(server: QuorateServer): string {
  const [address] = server.clientAddresses;
  return `127.0.0.1:${address?.port}`;
}

/** A way to a server that can be cut. */
export class Passage {
  readonly endpoint: string;
  readonly #sockets: Set<Socket>;

  private constructor(endpoint: string, sockets: Set<Socket>) {
    this.endpoint = endpoint;
    this.#sockets = sockets;
  }

  static async start(context: TestContext, server: QuorateServer): Promise<Passage> {
    const sockets = new Set<Socket>();
    const listener = createServer((near) => {
      const far = createConnection({
        host: '127.0.0.1',
        port: server.clientAddresses[0]?.port ?? 0,
      });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const passage = new Passage(`127.0.0.1:${(listener.address() as AddressInfo).port}`, sockets);
    context.after(async () => {
      passage.cut();
      await once(listener.close(), 'close');
    });
    return passage;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Every connection that leads through here breaks. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
