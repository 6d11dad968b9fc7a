import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { message } from '../rpc/http2/frames.ts';
import { HttpClient } from '../rpc/http2/http-client.ts';
import { serveNode } from '../served-node.ts';

/* What HTTP/1.1 is answered HTTP/2 is answered as well, on a connection that gRPC uses too. */

test('pages are served by HTTP/2', async () => {
  await using served = await serveNode();
  await using client = new HttpClient(served.address);
  const health = await client.ask('/health?serializable=true');
  assert.equal(health.status, 200);
  assert.equal(JSON.parse(health.body).health, 'true');
  assert.equal(health.headers['access-control-allow-origin'], '*');
  assert.equal(health.headers['content-length'], String(health.body.length));
  assert.match((await client.ask('/metrics')).body, /^etcd_server_has_leader 1$/m);
  assert.equal((await client.ask('/version')).headers['content-type'], 'application/json');
  const head = await client.ask('/health', { ':method': 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  const preflight = await client.ask('/v3/kv/put', { ':method': 'OPTIONS' });
  assert.deepEqual([preflight.status, preflight.body], [200, '']);
  assert.equal((await client.ask('/nothing')).status, 404);
  const { status, headers } = await client.post('/version', '{}');
  assert.deepEqual([status, headers['allow']], [405, 'GET']);
});

test('the gateway is served by HTTP/2, beside gRPC', async () => {
  await using served = await serveNode();
  await using client = new HttpClient(served.address);
  const put = await client.post('/v3/kv/put', '{"key":"Zm9v","value":"YmFy"}');
  assert.equal(JSON.parse(put.body).header.revision, '2');
  const value = 'A'.repeat(2_000_000);
  assert.equal((await client.post('/v3/kv/put', `{"key":"YQ==","value":"${value}"}`)).status, 200);
  const range = await client.post('/v3/kv/range', '{"key":"YQ=="}');
  assert.equal(JSON.parse(range.body).kvs[0].value, value);
  assert.equal((await client.post('/v3/kv/put', '{}')).status, 400);
  const late = await client.post('/v3/kv/range', '{"key":"YQ=="}', { 'grpc-timeout': '1n' });
  assert.equal(late.status, 504);
  const auth = { authorization: 'nobody', 'grpc-metadata-hasleader': 'true' };
  assert.equal((await client.post('/v3/kv/range', '{"key":"Zm9v"}', auth)).status, 200);
  const grpc = client.open('/grpc.health.v1.Health/Check', {
    ':method': 'POST',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const trailers = once(grpc, 'trailers');
  grpc.resume();
  grpc.end(message(Buffer.alloc(0)));
  assert.equal((await trailers)[0]['grpc-status'], '0');
});

test('streams of the gateway are served by HTTP/2, and end with their client', async () => {
  await using served = await serveNode();
  await using client = new HttpClient(served.address);
  const watch = client.open('/v3/watch', { ':method': 'POST' });
  const lines: string[] = [];
  watch.on('data', (part: Buffer) => lines.push(String(part)));
  watch.write('{"create_request":{"key":"YQ=="}}');
  await once(watch, 'data');
  assert.equal(JSON.parse(lines[0] ?? '').result.created, true);
  await client.post('/v3/kv/put', '{"key":"YQ==","value":"MQ=="}');
  while (lines.length < 2) await once(watch, 'data');
  assert.equal(JSON.parse(lines[1] ?? '').result.events[0].kv.value, 'MQ==');
  const streams = async (): Promise<string | undefined> =>
    /^quorate_streams (\d+)$/m.exec((await client.ask('/metrics')).body)?.[1];
  assert.equal(await streams(), '1');
  watch.close(8);
  while ((await streams()) !== '0') await new Promise(setImmediate);
});

test('many requests of one connection may wait side by side', async () => {
  await using served = await serveNode();
  await using client = new HttpClient(served.address);
  const body = '{"name":"am9i"}';
  const first = JSON.parse((await client.post('/v3/lock/lock', body)).body);
  const waiting = Array.from({ length: 200 }, () => client.post('/v3/lock/lock', body));
  const range = '{"key":"am9iLw==","range_end":"am9iMA==","count_only":true}';
  const keys = async (): Promise<string> =>
    JSON.parse((await client.post('/v3/kv/range', range)).body).count;
  while ((await keys()) !== '201') await new Promise(setImmediate);
  await client.post('/v3/lock/unlock', JSON.stringify({ key: first.key }));
  assert.equal((await Promise.race(waiting)).status, 200);
});
