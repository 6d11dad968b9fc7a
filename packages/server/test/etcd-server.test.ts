import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { apiIdOf } from '@quorate/server/core';
import { nodeId } from './in-process-node.ts';
import { open, readToEnd } from './raw-connection.ts';
import { RawClient } from './rpc/raw-client.ts';
import { type ServedNode, serveNode } from './served-node.ts';

const putPath = '/etcdserverpb.KV/Put';
const key = new TextEncoder().encode('a');
const put = encodeMessage(etcd.PutRequest, { key, value: key });

async function get(served: ServedNode, path: string, method = 'GET') {
  const socket = await open(served.address);
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const text = await readToEnd(socket);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body };
}

test('gRPC and plain HTTP share the port', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  const { bytes } = await client.call(putPath, put);
  assert.equal(decodeMessage(etcd.PutResponse, bytes as Buffer)?.header?.revision, 2);
  assert.deepEqual(
    (await get(served, '/version')).body,
    '{"etcdserver":"3.6.14","etcdcluster":"3.6.0","storage":"3.6.0"}\n',
  );
  client.close();
});

test('methods that are not there are unimplemented, in the known words', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  const { error } = await client.call('/etcdserverpb.Maintenance/Other', new Uint8Array(0));
  assert.equal(error?.code, 12);
  assert.equal(error?.details, 'unknown method Other for service etcdserverpb.Maintenance');
  const watch = await client.stream('/etcdserverpb.Watch/Other');
  assert.equal(watch.code, 12);
  assert.equal(watch.details, 'unknown method Other for service etcdserverpb.Watch');
  const reflection = await client.stream(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  );
  assert.equal(reflection.code, 12);
  client.close();
});

test('a request beyond 2 MiB is refused in the known words, one just below is not', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  const limit = 2 * 1024 * 1024;
  const { error } = await client.call(putPath, new Uint8Array(limit + 1));
  assert.equal(error?.code, 8);
  assert.equal(
    error?.details,
    `grpc: received message larger than max (${limit + 1} vs. ${limit})`,
  );
  const large = encodeMessage(etcd.PutRequest, { key, value: new Uint8Array(limit - 100) });
  const refused = await client.call(putPath, large);
  assert.equal(refused.error?.code, 3);
  assert.equal(refused.error?.details, 'etcdserver: request is too large');
  const fits = encodeMessage(etcd.PutRequest, {
    key,
    value: new Uint8Array(1.5 * 1024 * 1024 - 100),
  });
  assert.equal((await client.call(putPath, fits)).error, null);
  client.close();
});

test('metadata can require a leader', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  served.node.etcd.becomeLed(0);
  const { error } = await client.call(putPath, put, { hasleader: 'true' });
  assert.equal(error?.code, 14);
  assert.equal(error?.details, 'etcdserver: no leader');
  assert.equal((await client.call(putPath, put)).error, null);
  client.close();
});

test('leader answers 200 on the leader alone, and names it', async () => {
  await using served = await serveNode();
  while (served.node.etcd.machine.attributesOf(nodeId) === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const own = await get(served, '/leader');
  const body = { leader: apiIdOf(nodeId).toString(16), name: 'n1', term: 7 };
  assert.deepEqual([own.status, JSON.parse(own.body)], [200, body]);
  served.node.etcd.becomeLed(nodeId + 1);
  const other = await get(served, '/leader');
  const otherBody = { leader: apiIdOf(nodeId + 1).toString(16), name: '', term: 7 };
  assert.deepEqual([other.status, JSON.parse(other.body)], [503, otherBody]);
  served.node.etcd.becomeLed(0);
  assert.equal(JSON.parse((await get(served, '/leader')).body).leader, '');
});

test('metrics has the node, leadership and what was handled', async () => {
  await using served = await serveNode();
  const client = new RawClient(served.address);
  await client.call(putPath, put);
  await client.call(putPath, new Uint8Array(0));
  const { head, body } = await get(served, '/metrics');
  assert.match(head, /content-type: text\/plain; version=0\.0\.4/);
  assert.match(body, /^# of the node$/m);
  assert.match(body, /^etcd_server_has_leader 1$/m);
  const labels = 'grpc_type="unary",grpc_service="etcdserverpb.KV",grpc_method="Put"';
  assert.ok(body.includes(`grpc_server_handled_total{${labels},grpc_code="OK"} 1\n`));
  assert.ok(body.includes(`grpc_server_handled_total{${labels},grpc_code="InvalidArgument"} 1\n`));
  client.close();
});

test('status and changes of leader are told', async () => {
  await using served = await serveNode();
  const { memberId, name, role, term, leader } = served.server.status();
  assert.deepEqual(
    [memberId, name, role, term, leader],
    [apiIdOf(nodeId), 'n1', 'leader', 7, apiIdOf(nodeId)],
  );
  const heard: [bigint, number][] = [];
  served.server.onLeader((...change) => heard.push(change));
  for (const id of [nodeId, 0, 0, nodeId + 1]) served.node.etcd.becomeLed(id);
  assert.deepEqual(heard, [
    [0n, 7],
    [apiIdOf(nodeId + 1), 7],
  ]);
});

test('publishing goes on until the cluster takes it', async () => {
  await using served = await serveNode();
  const { etcd: group } = served.node;
  while ((group.machine.attributesOf(nodeId)?.name ?? '') === '') {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { clientUrls, name, peerUrls } = group.machine.attributesOf(nodeId) ?? {};
  assert.deepEqual([name, clientUrls], ['n1', ['http://127.0.0.1:2379']]);
  assert.deepEqual(peerUrls, ['http://127.0.0.1:2380']);
  assert.deepEqual(group.machine.attributesOf(nodeId + 1)?.peerUrls, ['http://127.0.0.2:2380']);
  assert.equal(group.proposed.length, 2);
});

test('closing lets a call under way end, refuses others, and closes the node once', async () => {
  const served = await serveNode();
  const client = new RawClient(served.address);
  await client.call(putPath, put);
  const gate = Promise.withResolvers<void>();
  served.node.etcd.gate = gate.promise;
  const waiting = client.call(putPath, put);
  const before = served.node.etcd.proposed.length;
  while (served.node.etcd.proposed.length === before) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const closing = served.server.close();
  const again = served.server.close();
  assert.equal(served.node.isClosed, false);
  gate.resolve();
  assert.equal((await waiting).error, null);
  await Promise.all([closing, again]);
  assert.equal(served.node.isClosed, true);
  const late = new RawClient(served.address);
  assert.equal((await late.call(putPath, put)).error?.code, 14);
  late.close();
  client.close();
});

test('closing does not wait for calls that never end, nor for idle connections', async () => {
  const served = await serveNode();
  const client = new RawClient(served.address);
  served.node.etcd.gate = new Promise(() => undefined);
  const waiting = client.call(putPath, put);
  const idle = await open(served.address);
  idle.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(idle, 'data');
  const before = performance.now();
  await served.server.close();
  assert.ok(performance.now() - before < 2000);
  assert.notEqual((await waiting).error, null);
  client.close();
});
