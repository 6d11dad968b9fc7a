import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { formatAddress } from '@quorate/base';
import { connect, type QuorateClient } from '@quorate/client';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import type { Output } from '../../src/output.ts';

const local = { host: '127.0.0.1', port: 0 };

export interface Served {
  readonly server: QuorateServer;
  readonly endpoint: string;
  readonly client: QuorateClient;
}

/** A cluster of one, until the test ends or `server.close`. */
export async function served(
  context: TestContext,
  directory: string,
  options: Partial<ServerOptions> = {},
): Promise<Served> {
  const server = await startServer({
    name: 'n1',
    dataDirectory: join(directory, 'n1'),
    members: [{ name: 'n1', peerUrls: ['http://127.0.0.1:1'] }],
    clusterToken: 'test',
    listenPeer: local,
    listenClient: [local],
    advertiseClientUrls: [],
    tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 250, segmentBytes: 2 ** 20 },
    log: { level: 'silent', format: 'json' },
    ...options,
  });
  const endpoint = server.clientAddresses.map(formatAddress).join(',');
  const client = connect({ endpoints: [endpoint], timeoutMs: 30_000 });
  context.after(async () => {
    await client.close();
    await server.close();
  });
  return { server, endpoint, client };
}

/** What a command says to a program. */
export function recorded(): Output & { readonly said: Record<string, unknown>[] } {
  const said: Record<string, unknown>[] = [];
  return {
    isJson: true,
    said,
    line: (text) => void said.push({ line: text }),
    json: (value) => void said.push({ ...value }),
  };
}
