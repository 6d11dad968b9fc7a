import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '@quorate/base';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import { clusterOptions } from './cluster-options.ts';
import { TestClient } from './rpc/raw-client.ts';

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
  const [options] = (await clusterOptions(context, ['alone'])) as [ServerOptions];
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
  const options = await clusterOptions(context, ['n1', 'n2', 'n3']);
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
