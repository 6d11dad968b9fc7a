import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import {
  ClientError,
  compare,
  connect,
  operation,
  type QuorateClient,
  type Watch,
} from '@quorate/client';
import { endpointOf, Passage, startCluster } from './support/real-cluster.ts';

const decoder = new TextDecoder();

function text(bytes: Uint8Array | undefined): string {
  return decoder.decode(bytes);
}

interface Single {
  readonly client: QuorateClient;
  readonly passage: Passage;
  /** Not through the passage. */
  readonly endpoint: string;
}

async function single(context: TestContext): Promise<Single> {
  const [server = assert.fail()] = await startCluster(context, 1);
  const passage = await Passage.start(context, server);
  const client = connect({ endpoints: [passage.endpoint], timeoutMs: 20_000 });
  // Before the server, which waits for its connections.
  context.after(() => client.close());
  return { client, passage, endpoint: endpointOf(server) };
}

async function values(watch: Watch, count: number): Promise<string[]> {
  const got: string[] = [];
  for (let at = 0; at < count; at++) {
    const { value } = await watch.next();
    got.push(value?.type === 'put' ? text(value.value) : String(value?.type));
  }
  return got;
}

test('keys, ranges, pages and transactions', async (context) => {
  const { client } = await single(context);
  for (const name of ['a/1', 'a/2', 'a/3', 'b']) await client.put(name, `value of ${name}`);
  const { keyValues, count, more } = await client.get('a/', { prefix: true, limit: 2 });
  assert.deepEqual([keyValues.map(({ key }) => text(key)), count, more], [['a/1', 'a/2'], 3, true]);
  const newest = await client.get('', { prefix: true, sortBy: 'createRevision', descending: true });
  assert.equal(text(newest.keyValues[0]?.key), 'b');
  const pages: string[] = [];
  for await (const { key } of client.scan('a/', { prefix: true, pageSize: 2 })) {
    pages.push(text(key));
  }
  assert.deepEqual(pages, ['a/1', 'a/2', 'a/3']);
  const { previous } = await client.put('b', 'again', { prevKv: true });
  assert.equal(text(previous?.value), 'value of b');
  const { succeeded, results } = await client
    .txn()
    .when(compare.value('b', '=', 'again'), compare.missing('c'))
    .do(operation.put('c', 'new'), operation.get('c'), operation.delete('a/', { prefix: true }))
    .commit();
  assert.equal(succeeded, true);
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ['put', 'get', 'delete'],
  );
  const [, got, deleted] = results;
  assert.equal(got?.kind === 'get' && text(got.keyValues[0]?.value), 'new');
  assert.equal(deleted?.kind === 'delete' && deleted.deleted, 3);
});

test('a watch goes on without gap or repetition while its connection is cut', async (context) => {
  const { client, passage, endpoint } = await single(context);
  await using writer = connect({ endpoints: [endpoint], timeoutMs: 20_000 });
  await using watch = client.watch('k', { prefix: true });
  await watch.begun();
  const expected: string[] = [];
  const got: string[] = [];
  for (let round = 0; round < 5; round++) {
    for (let at = 0; at < 10; at++) {
      expected.push(`${round} ${at}`);
      await writer.put(`k${at}`, `${round} ${at}`);
    }
    got.push(...(await values(watch, 5)));
    passage.cut();
  }
  got.push(...(await values(watch, 25)));
  assert.deepEqual(got, expected);
});

test('a watch of what is compacted says so', async (context) => {
  const { client } = await single(context);
  for (let at = 0; at < 5; at++) await client.put('k', String(at));
  const { revision } = await client.get('k');
  await client.compact(revision);
  await using watch = client.watch('k', { fromRevision: 2 });
  await assert.rejects(watch.next(), (error: ClientError) => {
    assert.deepEqual(
      [error.code, error.metadata],
      ['CLIENT_COMPACTED', { fromRevision: 2, compactRevision: revision }],
    );
    return true;
  });
  await using again = client.watch('k', { fromRevision: revision });
  assert.deepEqual(await values(again, 1), ['4']);
});

test('a lease holds its keys until it is revoked, and is lost when it is gone', async (context) => {
  const { client, passage } = await single(context);
  const lease = await client.lease(3);
  await client.put('leased', 'v', { lease });
  await using watch = client.watch('leased');
  await watch.begun();
  passage.cut();
  const before = lease.remainingMs();
  assert.ok(before > 0 && before <= 3000, String(before));
  await lease.revoke();
  assert.deepEqual(await values(watch, 1), ['delete']);
  assert.equal(lease.lost.aborted, false);
  // Revoked behind its back: the next renewal finds out.
  const other = await client.lease(2);
  const lost = once(other.lost, 'abort');
  const { keyValues } = await client.get('leased');
  assert.deepEqual(keyValues, []);
  await revokeElsewhere(passage.endpoint, other.id);
  await lost;
  assert.equal((other.lost.reason as ClientError).code, 'CLIENT_LEASE_LOST');
});

/** As someone else does it, with nothing but the API. */
async function revokeElsewhere(endpoint: string, ID: bigint): Promise<void> {
  const { Client, credentials } = await import('@grpc/grpc-js');
  const { encodeMessage, etcd } = await import('@quorate/schema');
  const client = new Client(endpoint, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const request = Buffer.from(encodeMessage(etcd.LeaseRevokeRequest, { ID }));
  await new Promise<void>((resolve, reject) => {
    const path = '/etcdserverpb.Lease/LeaseRevoke';
    client.makeUnaryRequest(path, asIs, asIs, request, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  client.close();
}

test('a lock has one holder at a time, in the order of asking', async (context) => {
  const { client, passage } = await single(context);
  const first = await client.lock('door', { ttlSeconds: 20 });
  assert.match(text(first.key), /^door\/[0-9a-f]+$/);
  const order: string[] = [];
  await using queue = client.watch('door/', { prefix: true, filters: ['noDelete'] });
  await queue.begun();
  const second = client.lock('door', { ttlSeconds: 20 });
  void second.then(() => order.push('second'));
  await queue.next();
  const controller = new AbortController();
  const given = client.lock('door', { ttlSeconds: 20, signal: controller.signal });
  await queue.next();
  const third = client.lock('door', { ttlSeconds: 20 });
  void third.then(() => order.push('third'));
  await queue.next();
  passage.cut();
  controller.abort(new Error('no more patience'));
  await assert.rejects(given, /no more patience/);
  const guarded = client.txn().when(first.guard).do(operation.put('room', 'first'));
  assert.equal((await guarded.commit()).succeeded, true);
  assert.deepEqual(order, []);
  await first.unlock();
  const held = await second;
  assert.ok(held.fencingToken > first.fencingToken);
  const late = client.txn().when(first.guard).do(operation.put('room', 'late'));
  assert.equal((await late.commit()).succeeded, false, 'who has lost the lock writes nothing');
  await held[Symbol.asyncDispose]();
  await (await third).unlock();
  assert.deepEqual(order, ['second', 'third']);
  assert.deepEqual((await client.get('door/', { prefix: true })).keyValues, []);
});

test('a lock whose key is deleted is not waited for any more', async (context) => {
  const { client } = await single(context);
  await using _held = await client.lock('door');
  await using queue = client.watch('door/', { prefix: true, filters: ['noDelete'] });
  await queue.begun();
  const waiting = client.lock('door');
  const { value } = await queue.next();
  await client.delete(value?.key ?? assert.fail());
  await client.delete('door/', { prefix: true });
  await assert.rejects(waiting, { code: 'CLIENT_NOT_OWNER' });
});

test('an election: campaign, proclaim, leader, observe, resign', async (context) => {
  const { client } = await single(context);
  const election = client.election('king', { ttlSeconds: 20 });
  assert.equal(await election.leader(), null);
  const observed = election.observe();
  const first = observed.next();
  const one = await election.campaign('one');
  const said = async (next: ReturnType<typeof observed.next>): Promise<string> => {
    const { value } = await next;
    return text(value?.value);
  };
  assert.equal(await said(first), 'one');
  const proclaimed = observed.next();
  await one.proclaim('one again');
  assert.equal(await said(proclaimed), 'one again');
  const leader = await election.leader();
  assert.deepEqual([text(leader?.value), leader?.fencingToken], ['one again', one.fencingToken]);
  const campaign = election.campaign('two');
  const next = observed.next();
  await one.resign();
  const two = await campaign;
  assert.equal(await said(next), 'two');
  await assert.rejects(one.proclaim('still'), (error: ClientError) => {
    assert.ok(['CLIENT_NOT_OWNER', 'CLIENT_REFUSED'].includes(error.code), error.code);
    return true;
  });
  assert.ok(two.fencingToken > one.fencingToken);
  await observed.return();
  await two.resign();
  assert.equal(await election.leader(), null);
});

test('a watch and a lease live on when the node they are connected to ends', async (context) => {
  const servers = await startCluster(context, 3);
  const endpoints = servers.map(endpointOf);
  const client = connect({ endpoints, timeoutMs: 20_000, followLeader: true });
  context.after(() => client.close());
  await client.put('k', '0');
  const lease = await client.lease(30);
  await client.put('leased', 'v', { lease });
  await using watch = client.watch('k', { fromRevision: 1 });
  assert.deepEqual(await values(watch, 1), ['0']);
  await servers[0]?.close();
  for (let at = 1; at <= 5; at++) await putSurely(client, 'k', String(at));
  // A put whose outcome was unknown is put again, so a value may be there twice.
  const got = new Set<string>();
  while (got.size < 5) for (const value of await values(watch, 1)) got.add(value);
  assert.deepEqual([...got], ['1', '2', '3', '4', '5']);
  assert.equal(lease.isLost, false);
  assert.equal((await client.get('leased')).count, 1);
  await lease.revoke();
});

async function putSurely(client: QuorateClient, key: string, value: string): Promise<void> {
  for (;;) {
    try {
      await client.put(key, value);
      return;
    } catch (error) {
      const isOpen = error instanceof ClientError && error.code === 'CLIENT_OUTCOME_UNKNOWN';
      if (!isOpen) throw error;
    }
  }
}
