import assert from 'node:assert/strict';
import { after, afterEach, suite, test } from 'node:test';
import { startTestCluster, type TestCluster } from '@quorate/testing';
import { Etcd3, type IOptions } from 'etcd3';
import { etcd3Usage, etcd3Users, untilItWorks } from './etcd3-usage.ts';

function connect(cluster: TestCluster, options: Partial<IOptions> = {}): Etcd3 {
  return new Etcd3({ ...options, hosts: cluster.endpoints.map((one) => `http://${one}`) });
}

for (const nodes of [1, 3]) {
  suite(`etcd3 with ${nodes} node(s)`, async () => {
    const cluster = await startTestCluster({ nodes, auth: { bcryptCost: 4 } });
    const client = connect(cluster);
    afterEach(() => cluster.reset());
    after(async () => {
      client.close();
      await cluster.close();
    });
    for (const [name, use] of Object.entries(etcd3Usage)) test(name, () => use(client));
    test('recognizes users by their passwords', () =>
      etcd3Users(client, (options) => connect(cluster, options)));
  });
}

test('etcd3 goes on when the leader is killed: keys, watch, lease and lock', async () => {
  await using cluster = await startTestCluster({ nodes: 3 });
  const client = connect(cluster);
  try {
    const watcher = await client.watch().prefix('log/').create();
    const seen: string[] = [];
    const last = new Promise<void>((resolve) => {
      watcher.on('put', ({ key }) => {
        seen.push(key.toString());
        if (key.toString() === 'log/19') resolve();
      });
    });
    const lease = client.lease(8);
    await lease.put('session').value('mine');
    const lock = client.lock('resource').ttl(8);
    await lock.acquire();
    const written: string[] = [];
    for (let at = 0; at < 20; at++) {
      if (at === 5) await (await cluster.leader()).kill();
      const key = `log/${String(at).padStart(2, '0')}`;
      await untilItWorks(() => client.put(key).value('x'), 30_000);
      written.push(key);
    }
    await last;
    // A write that was answered with an error may have happened as well: then it is seen twice.
    assert.deepEqual([...new Set(seen)], written);
    assert.deepEqual(
      await untilItWorks(() => client.getAll().prefix('log/').keys(), 30_000),
      written,
    );
    assert.equal(await untilItWorks(() => client.get('session').string(), 30_000), 'mine');
    await untilItWorks(() => lease.keepaliveOnce(), 30_000);
    await assert.rejects(client.lock('resource').ttl(8).acquire());
    await untilItWorks(() => lock.release(), 30_000);
    await untilItWorks(() => lease.revoke(), 30_000);
    await watcher.cancel();
  } finally {
    client.close();
  }
});
