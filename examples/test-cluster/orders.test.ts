import assert from 'node:assert/strict';
import { after, afterEach, suite, test } from 'node:test';
import { startTestCluster } from '@quorate/testing';
import { Orders } from './orders.ts';

suite('orders', async () => {
  const cluster = await startTestCluster({ nodes: 3 });
  const orders = new Orders(cluster.client({ timeoutMs: 30_000 }));
  afterEach(() => cluster.reset());
  after(() => cluster.close());

  test('are accepted once', async () => {
    assert.equal(await orders.accept('1', 'tea'), true);
    assert.equal(await orders.accept('1', 'tea'), false);
    assert.equal(await orders.count(), 1);
  });

  test('are kept when a node dies', async () => {
    await orders.accept('1', 'tea');
    await (await cluster.leader()).kill();
    assert.equal(await orders.count(), 1);
  });

  test('are still accepted when one node is cut off', async () => {
    const { index } = await cluster.leader();
    cluster.isolate(index);
    const nodes = [0, 1, 2].filter((other) => other !== index);
    const others = new Orders(cluster.client({ nodes, timeoutMs: 30_000 }));
    assert.equal(await others.accept('1', 'tea'), true);
  });
});
