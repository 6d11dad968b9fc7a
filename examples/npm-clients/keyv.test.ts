import assert from 'node:assert/strict';
import { test } from 'node:test';
import KeyvEtcd from '@keyv/etcd';
import { startTestCluster } from '@quorate/testing';
import Keyv from 'keyv';
import { untilItWorks } from './etcd3-usage.ts';

for (const nodes of [1, 3]) {
  test(`keyv keeps values in a cluster of ${nodes}`, async () => {
    await using cluster = await startTestCluster({ nodes });
    const store = new KeyvEtcd(`etcd://${cluster.endpoints[0]}`);
    const keyv = new Keyv<unknown>(store, { namespace: 'cache' });
    keyv.on('error', (error) => assert.fail(String(error)));
    try {
      await keyv.set('foo', 'expires in a minute', 60_000);
      assert.equal(await keyv.get('foo'), 'expires in a minute');
      assert.equal(await keyv.get('nothing'), undefined);
      await keyv.set('object', { a: [1, 2] });
      assert.deepEqual(await keyv.get('object'), { a: [1, 2] });
      assert.deepEqual(await keyv.get(['foo', 'nothing']), ['expires in a minute', undefined]);
      assert.equal(await keyv.has('foo'), true);
      const found = new Map<string, unknown>();
      const entries = keyv.iterator?.(undefined) ?? assert.fail('there is an iterator');
      for await (const [key, value] of entries) found.set(key, value);
      assert.deepEqual([...found.keys()].sort(), ['foo', 'object']);
      assert.equal(await keyv.delete('foo'), true);
      assert.equal(await keyv.delete('foo'), false);
      await keyv.clear();
      assert.equal(await keyv.get('object'), undefined);
    } finally {
      await keyv.disconnect();
    }
  });
}

test('keyv lets values end with the lease of its store', async () => {
  await using cluster = await startTestCluster();
  const store = new KeyvEtcd(`etcd://${cluster.endpoints[0]}`, { ttl: 60_000 });
  const keyv = new Keyv(store);
  try {
    await keyv.set('foo', 'bar');
    assert.equal(await keyv.get('foo'), 'bar');
    assert.equal(await cluster.expireLeases(), 1);
    assert.equal(await keyv.get('foo'), undefined);
  } finally {
    await keyv.disconnect();
  }
});

test('keyv keeps its values when the leader is killed', async () => {
  await using cluster = await startTestCluster({ nodes: 3 });
  const { index } = await cluster.leader();
  const follower = cluster.nodes.find((node) => node.index !== index);
  const store = new KeyvEtcd(`etcd://${follower?.endpoint}`);
  const keyv = new Keyv(store, { throwOnErrors: true });
  // Each call that fails meanwhile is told of here as well.
  keyv.on('error', () => undefined);
  store.on('error', () => undefined);
  try {
    await keyv.set('foo', 'bar');
    await cluster.node(index).kill();
    await untilItWorks(() => keyv.set('foo', 'new'), 30_000);
    assert.equal(await untilItWorks(() => keyv.get('foo'), 30_000), 'new');
  } finally {
    await keyv.disconnect();
  }
});
