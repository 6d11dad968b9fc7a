import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { freePorts } from '../support/real-cluster.ts';

/** Servers of one ledger in this process; all end with the test. */
export async function startLedgers(context: TestContext, count: number): Promise<LedgerServer[]> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-ledger-'));
  const ports = await freePorts(count);
  const members = ports.map((port, at) => {
    return { name: `n${at}`, peerUrls: [`http://127.0.0.1:${port}`] };
  });
  const servers = await Promise.all(
    ports.map((port, at) =>
      startLedgerServer({
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

/** Where clients reach a server. */
export function addressOf(server: LedgerServer): string {
  const [address] = server.clientAddresses;
  return `127.0.0.1:${address?.port}`;
}
