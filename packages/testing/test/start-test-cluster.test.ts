import assert from 'node:assert/strict';
import { after, afterEach, suite, test } from 'node:test';
import { ClientError, type QuorateClient } from '@quorate/client';
import { startTestCluster } from '../src/index.ts';

const patient = { timeoutMs: 30_000 };

async function readValue(client: QuorateClient, key: string): Promise<string | null> {
  const [found] = (await client.get(key)).keyValues;
  return found === undefined ? null : new TextDecoder().decode(found.value);
}

/**
 * A leader that was cut off may take the write in and lose the lead with it. Whoever asked is told
 * so, and does what the error says: reads, and writes again.
 */
async function writeInTheEnd(client: QuorateClient, key: string, value: string): Promise<void> {
  for (;;) {
    try {
      await client.put(key, value);
      return;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'CLIENT_OUTCOME_UNKNOWN') throw error;
      assert.doesNotMatch(error.message, /timed out"/, 'it is told, and not left waiting');
      if ((await readValue(client, key)) === value) return;
    }
  }
}

/** By the node itself, whoever leads. */
async function statusOf(endpoint: string, path: string): Promise<[number, string]> {
  const response = await fetch(`http://${endpoint}${path}`, { headers: { connection: 'close' } });
  return [response.status, await response.text()];
}

suite('three nodes', async () => {
  const cluster = await startTestCluster({ nodes: 3 });
  const client = cluster.client(patient);
  afterEach(() => cluster.reset());
  after(() => cluster.close());

  test('each of them serves clients', async () => {
    assert.equal(new Set(cluster.endpoints).size, 3);
    await client.put('greeting', 'hello');
    for (const [index, endpoint] of cluster.endpoints.entries()) {
      // On a busy machine there may be an election at any time.
      const { memberId } = await client.status(endpoint);
      assert.equal(memberId, cluster.node(index).status().memberId);
    }
    assert.equal(await readValue(client, 'greeting'), 'hello');
  });

  test('the others go on without a leader that is isolated, and it catches up', async () => {
    const first = await cluster.leader();
    const { term } = first.status();
    cluster.isolate(first.index);
    const others = [0, 1, 2].filter((index) => index !== first.index);
    const second = await cluster.leader(others);
    assert.ok(second.status().term > term);
    await cluster.client({ ...patient, nodes: others }).put('key', 'written by the majority');
    cluster.heal();
    const behind = cluster.client({ ...patient, nodes: [first.index] });
    assert.equal(await readValue(behind, 'key'), 'written by the majority');
  });

  test('a partition without a majority writes nothing', async () => {
    cluster.partition([[0], [1], [2]]);
    const hasty = cluster.client({ timeoutMs: 300 });
    await assert.rejects(hasty.put('key', 'of a minority'));
    for (const { index } of cluster.nodes) {
      const alone = cluster.client({ ...patient, nodes: [index] });
      const [found] = (await alone.get('key', { serializable: true })).keyValues;
      // It may be behind, and have what the test before wrote.
      assert.notEqual(new TextDecoder().decode(found?.value), 'of a minority');
    }
    cluster.heal();
    await writeInTheEnd(client, 'key', 'value');
    assert.equal(await readValue(client, 'key'), 'value');
  });

  test('a node that is killed has what it acknowledged when it is back', async () => {
    await client.put('key', 'kept');
    const leader = await cluster.leader();
    await leader.kill();
    assert.equal(leader.isRunning, false);
    assert.throws(() => leader.status(), /does not run/);
    assert.equal(await readValue(client, 'key'), 'kept');
    await leader.start();
    assert.equal(leader.isRunning, true);
  });

  test('a whole cluster comes back with its data and its endpoints', async () => {
    const { endpoints } = cluster;
    await client.put('key', 'kept');
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    await Promise.all(cluster.nodes.map((node) => node.start()));
    assert.deepEqual(cluster.endpoints, endpoints);
    assert.equal(await readValue(client, 'key'), 'kept');
  });

  test('the lead goes where it is told', async () => {
    for (const { index } of cluster.nodes) {
      await cluster.transferLeadership(index);
      assert.equal((await cluster.leader()).index, index);
    }
  });

  test('a node whose fsync fails stops itself, and says why', async () => {
    const leader = await cluster.leader();
    cluster.failFsync(leader.index);
    await client.put('key', 'value').catch(() => undefined);
    assert.equal(await readValue(client, 'other'), null);
    await leader.stop();
    assert.match(String(leader.failure), /fsync failed/);
    await leader.start();
    assert.equal(leader.failure, null);
  });

  test('a node without room says that it is not healthy, and is ready all the same', async () => {
    const { endpoint, index } = await cluster.leader();
    cluster.fillDisk(index);
    const [code, body] = await statusOf(endpoint, '/health');
    assert.equal(code, 503);
    assert.deepEqual(JSON.parse(body), { health: 'false', reason: 'ALARM DISKFULL' });
    assert.match((await statusOf(endpoint, '/metrics'))[1], /^quorate_storage_writable 0$/m);
    // It hands the lead to one that has room.
    await cluster.leader([0, 1, 2].filter((other) => other !== index));
    await client.put('key', 'value');
    cluster.heal();
    assert.equal((await statusOf(endpoint, '/health'))[0], 200);
  });

  test('slow disks, slow networks and a pause of one node only take time', async () => {
    for (const { index } of cluster.nodes) cluster.slowDisk(index, 20);
    cluster.delay(5);
    const beganMs = performance.now();
    await client.put('key', 'slow');
    assert.ok(performance.now() - beganMs >= 20);
    const follower = cluster.nodes.find((node) => node.status().role !== 'leader');
    cluster.pause(follower?.index ?? 0);
    await client.put('key', 'without one');
    cluster.resume(follower?.index ?? 0);
    assert.equal(await readValue(client, 'key'), 'without one');
  });

  test('leases end at once when they are told to', async () => {
    const lease = await client.lease(3600);
    const watch = client.watch('session');
    await watch.begun();
    await client.put('session', 'mine', { lease });
    assert.equal(await cluster.expireLeases(), 1);
    const types: string[] = [];
    for await (const { type } of watch) if (types.push(type) === 2) break;
    assert.deepEqual(types, ['put', 'delete']);
    assert.equal(await cluster.expireLeases(), 0);
  });

  test('a reset leaves no key, no lease, no fault and nobody stopped', async () => {
    const lease = await client.lease(3600);
    await client.put('a', '1', { lease });
    await client.put('b', '2');
    cluster.isolate(0);
    await cluster.node(1).stop();
    await cluster.reset();
    assert.deepEqual((await client.get('', { prefix: true })).keyValues, []);
    assert.ok(cluster.nodes.every(({ isRunning }) => isRunning));
    assert.equal(await cluster.expireLeases(), 0);
  });

  test('clusters do not know of each other', async () => {
    const others = await Promise.all([1, 2].map(() => startTestCluster()));
    await client.put('key', 'mine');
    for (const other of others) assert.equal(await readValue(other.client(patient), 'key'), null);
    await Promise.all(others.map((other) => other.close()));
  });
});

test('a reset as a superuser works when users are on', async () => {
  await using cluster = await startTestCluster();
  const post = async (path: string, body: object): Promise<void> => {
    const response = await fetch(`http://${cluster.endpoints[0]}/v3/auth/${path}`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.text());
  };
  await post('user/add', { name: 'root', password: 'secret' });
  await post('role/add', { name: 'root' });
  await post('user/grant', { user: 'root', role: 'root' });
  await post('enable', {});
  await assert.rejects(cluster.reset(), /user name is empty/);
  const root = { user: 'root', password: 'secret' };
  const client = cluster.client({ ...patient, credentials: root });
  await client.put('key', 'value');
  await cluster.reset(root);
  assert.equal(await readValue(client, 'key'), null);
});

test('options that make no cluster are refused', async () => {
  await assert.rejects(startTestCluster({ nodes: 0 }), /1 to 9 nodes/);
  await using cluster = await startTestCluster();
  assert.throws(() => cluster.node(1), /counted from 0 to 0/);
  assert.throws(() => cluster.delay(-1));
});
