import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Address } from '@quorate/base';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import { TestClient } from './rpc/raw-client.ts';

async function temporaryDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-server-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** The options of each member of a cluster in this process. */
async function cluster(context: TestContext, names: readonly string[]): Promise<ServerOptions[]> {
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

function clientOf(server: QuorateServer): TestClient {
  return new TestClient(server.clientAddresses[0] as Address);
}

async function leaderKnown(server: QuorateServer): Promise<bigint> {
  const { leader } = server.status();
  if (leader !== 0n) return leader;
  const known = Promise.withResolvers<bigint>();
  server.onLeader((id) => {
    if (id !== 0n) known.resolve(id);
  });
  return known.promise;
}

test('one member serves, and after a restart knows what it acknowledged', async (context) => {
  const [options] = (await cluster(context, ['alone'])) as [ServerOptions];
  const first = await startServer(options);
  await leaderKnown(first);
  {
    using client = clientOf(first);
    assert.equal(await client.put('a', '1'), 2);
    assert.equal(await client.put('a', '2'), 3);
    assert.deepEqual(await client.get('a'), { value: '2', revision: 3 });
  }
  const before = performance.now();
  await first.close();
  assert.ok(performance.now() - before < 2000);

  await using second = await startServer(options);
  await leaderKnown(second);
  using client = clientOf(second);
  assert.deepEqual(await client.get('a', 2), { value: '1', revision: 3 });
  const [member] = await client.members();
  assert.deepEqual([member?.name, member?.clientURLs], ['alone', ['http://alone:2379']]);
  assert.equal(second.status().memberId, first.status().memberId);
});

test('three members agree, whichever is asked, and go on without one', async (context) => {
  const options = await cluster(context, ['n1', 'n2', 'n3']);
  const servers = await Promise.all(options.map((one) => startServer(one)));
  context.after(() => Promise.all(servers.map((server) => server.close())));
  await Promise.all(servers.map(leaderKnown));
  for (const [i, server] of servers.entries()) {
    using client = clientOf(server);
    assert.equal(await client.put('k', `${i}`), i + 2);
    for (const other of servers) {
      using reader = clientOf(other);
      assert.deepEqual(await reader.get('k'), { value: `${i}`, revision: i + 2 });
    }
  }
  const gone = servers.find((server) => server.status().role === 'leader') as QuorateServer;
  const left = servers.filter((server) => server !== gone) as [QuorateServer, QuorateServer];
  const next = Promise.all(
    left.map((server) => {
      const changed = Promise.withResolvers<bigint>();
      server.onLeader((id) => {
        if (id !== 0n && id !== gone.status().memberId) changed.resolve(id);
      });
      return changed.promise;
    }),
  );
  await gone.close();
  const [chosen, same] = await next;
  assert.equal(chosen, same);
  using client = clientOf(left[0]);
  assert.equal(await client.put('k', 'after'), 5);
});
