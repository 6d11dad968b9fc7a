import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, connect } from '@quorate/client';
import { decodeMessage, etcd } from '@quorate/schema';
import { answer, deadEndpoint, type Script, ScriptedServer } from './support/scripted-server.ts';

const key = new TextEncoder().encode('k');
const value = new TextEncoder().encode('v');
const header = { clusterId: 1n, memberId: 2n ** 63n + 1n, revision: 9, raftTerm: 3 };
const putAnswer = answer(etcd.PutResponse, { header });
const rangeAnswer = answer(etcd.RangeResponse, {
  header,
  kvs: [{ key, value }],
  count: 4,
  more: true,
});
const unavailable: Script = { code: 14, details: 'etcdserver: request timed out' };

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => assert.fail('the call must fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error.code;
}

test('put, get and delete say what was asked and give what was answered', async () => {
  await using server = await ScriptedServer.start(putAnswer);
  await using client = connect({ endpoints: [`http://${server.endpoint}`] });
  assert.deepEqual(await client.put(key, value), { revision: 9, previous: null });
  server.script = rangeAnswer;
  const got = await client.get(key, { rangeEnd: Uint8Array.of(0), limit: 1, serializable: true });
  assert.deepEqual([got.count, got.more, got.revision, got.keyValues.length], [4, true, 9, 1]);
  assert.deepEqual([...(got.keyValues[0]?.value ?? [])], [...value]);
  server.script = answer(etcd.DeleteRangeResponse, { header, deleted: 3 });
  assert.deepEqual(await client.delete(key), { deleted: 3, revision: 9, previous: [] });
  const [put, range] = server.requests.map(({ bytes }) => bytes);
  assert.deepEqual(
    [...(decodeMessage(etcd.PutRequest, put as Uint8Array)?.value ?? [])],
    [...value],
  );
  const request = decodeMessage(etcd.RangeRequest, range as Uint8Array);
  assert.deepEqual([request?.limit, request?.serializable, request?.keysOnly], [1, true, false]);
});

test('status asks the one endpoint, members any', async () => {
  const status = { header, version: '3.5.0', dbSize: 5, leader: 2n ** 64n - 1n, raftTerm: 3 };
  await using server = await ScriptedServer.start(answer(etcd.StatusResponse, status));
  await using client = connect({ endpoints: [await deadEndpoint()], timeoutMs: 2000 });
  const got = await client.status(server.endpoint);
  assert.deepEqual([got.memberId, got.leader], [2n ** 63n + 1n, 2n ** 64n - 1n]);
  assert.deepEqual([got.endpoint, got.version, got.dbSizeBytes], [server.endpoint, '3.5.0', 5]);
  assert.equal(await codeOf(client.status(await deadEndpoint())), 'CLIENT_UNREACHABLE');
  await using member = await ScriptedServer.start(
    answer(etcd.MemberListResponse, {
      members: [{ ID: 5n, name: 'n', peerURLs: ['p'], isLearner: true }],
    }),
  );
  await using other = connect({ endpoints: [member.endpoint] });
  const expected = { id: 5n, name: 'n', peerUrls: ['p'], clientUrls: [], isLearner: true };
  assert.deepEqual(await other.members(), [expected]);
});

test('a read moves on from servers that cannot be reached or cannot answer now', async () => {
  await using busy = await ScriptedServer.start(unavailable);
  await using good = await ScriptedServer.start(rangeAnswer);
  const endpoints = [await deadEndpoint(), busy.endpoint, good.endpoint];
  await using client = connect({ endpoints });
  assert.equal((await client.get(key)).count, 4);
  assert.deepEqual([busy.requests.length, good.requests.length], [1, 1]);
  // The one that answered is asked first from then on.
  await client.get(key);
  assert.deepEqual([busy.requests.length, good.requests.length], [1, 2]);
});

test('a read that a server refuses for good is not asked of others', async () => {
  const details = 'etcdserver: mvcc: required revision has been compacted';
  await using first = await ScriptedServer.start({ code: 11, details });
  await using second = await ScriptedServer.start(rangeAnswer);
  await using client = connect({ endpoints: [first.endpoint, second.endpoint] });
  await assert.rejects(client.get(key, { revision: 1 }), (error: ClientError) => {
    assert.equal(error.code, 'CLIENT_REFUSED');
    assert.deepEqual(error.metadata, { endpoint: first.endpoint, grpcCode: 11, reason: details });
    return true;
  });
  assert.equal(second.requests.length, 0);
});

test('a read that hangs gives the next server its share of the time', async () => {
  await using silent = await ScriptedServer.start('silent');
  await using good = await ScriptedServer.start(rangeAnswer);
  await using client = connect({ endpoints: [silent.endpoint, good.endpoint], timeoutMs: 3000 });
  assert.equal((await client.get(key)).count, 4);
});

test('a write moves on only while no connection can be made', async () => {
  await using good = await ScriptedServer.start(putAnswer);
  await using client = connect({ endpoints: [await deadEndpoint(), good.endpoint] });
  assert.deepEqual(await client.put(key, value), { revision: 9, previous: null });
});

test('a write that was sent is never sent again: its outcome is unknown', async () => {
  const scripts: Script[] = [unavailable, 'hang up', 'silent', { code: 2, details: 'broken' }];
  for (const script of scripts) {
    await using first = await ScriptedServer.start(script);
    await using second = await ScriptedServer.start(putAnswer);
    const endpoints = [first.endpoint, second.endpoint];
    await using client = connect({ endpoints, timeoutMs: 2000 });
    assert.equal(await codeOf(client.put(key, value)), 'CLIENT_OUTCOME_UNKNOWN');
    assert.deepEqual([first.requests.length, second.requests.length], [1, 0]);
  }
});

test('a write that was refused did not happen', async () => {
  for (const [code, details] of [
    [3, 'etcdserver: key is not provided'],
    [8, 'etcdserver: too many requests'],
    [14, 'etcdserver: no leader'],
    [14, 'etcdserver: unhealthy cluster'],
  ] as const) {
    await using server = await ScriptedServer.start({ code, details });
    await using client = connect({ endpoints: [server.endpoint], timeoutMs: 2000 });
    assert.equal(await codeOf(client.put(key, value)), 'CLIENT_REFUSED');
  }
});

test('who was tried is named when nobody can be reached, and who comes back is found', async () => {
  const server = await ScriptedServer.start(putAnswer);
  const endpoints = [server.endpoint, await deadEndpoint()];
  await using client = connect({ endpoints, timeoutMs: 2000 });
  await client.put(key, value);
  server.stop();
  await assert.rejects(client.get(key), (error: ClientError) => {
    assert.ok(['CLIENT_UNREACHABLE', 'CLIENT_REFUSED'].includes(error.code), error.code);
    return true;
  });
  await assert.rejects(client.put(key, value), (error: ClientError) => {
    assert.equal(error.code, 'CLIENT_UNREACHABLE');
    assert.deepEqual(error.metadata, { endpoints });
    for (const endpoint of endpoints) assert.ok(error.message.includes(endpoint));
    return true;
  });
  await using again = await ScriptedServer.start(putAnswer, server.port);
  assert.deepEqual(await client.put(key, value), { revision: 9, previous: null });
  assert.equal(again.requests.length, 1);
});

test('an answer that is none of the API is told from one', async () => {
  await using server = await ScriptedServer.start({ answer: Uint8Array.of(0xff) });
  await using client = connect({ endpoints: [server.endpoint] });
  assert.equal(await codeOf(client.get(key)), 'CLIENT_ANSWER_MALFORMED');
});

test('endpoints that are no addresses are refused at once', async () => {
  const bad = [
    '',
    'x',
    'x:',
    ':1',
    'x:0',
    'x:65536',
    'https://x',
    'ftp://x:1',
    'a b:1',
    'x:1/y',
    '::1:2',
  ];
  for (const endpoint of bad) {
    assert.throws(
      () => connect({ endpoints: [endpoint] }),
      (error: ClientError) => {
        assert.equal(error.code, 'CLIENT_ENDPOINT_INVALID', endpoint);
        assert.deepEqual(error.metadata, { endpoint });
        return true;
      },
    );
  }
  for (const endpoint of ['x:1', 'http://x:65535', 'http://x:1/', '[::1]:2379', 'a-b.c:80']) {
    await connect({ endpoints: [endpoint] }).close();
  }
});
