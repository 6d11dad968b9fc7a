import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { type ServedNode, serveNode } from '../served-node.ts';

const path = '/grpc.health.v1.Health/Watch';
const { HealthCheckRequest, HealthCheckResponse, HealthCheckResponseServingStatus } = etcd;
const asIs = (bytes: Buffer): Buffer => bytes;

function watch({ address }: ServedNode, request: Uint8Array) {
  const client = new Client(`${address.host}:${address.port}`, credentials.createInsecure());
  const bytes = Buffer.from(request);
  const call = client.makeServerStreamRequest(path, asIs, asIs, bytes, new Metadata());
  call.on('error', () => undefined);
  call.on('close', () => client.close());
  // What ends a call is an error to those who wait for an event.
  const code = new Promise((resolve) => {
    call.on('status', (status) => resolve(status.code));
  });
  return { call, code };
}

for (const [service, status] of [
  ['', HealthCheckResponseServingStatus.SERVING],
  ['etcdserverpb.KV', HealthCheckResponseServingStatus.SERVICE_UNKNOWN],
] as const) {
  test(`who watches the health of '${service}' is told once, and waits for more`, async () => {
    await using served = await serveNode();
    const { call, code } = watch(served, encodeMessage(HealthCheckRequest, { service }));
    const answers: (number | undefined)[] = [];
    call.on('data', (bytes: Buffer) => {
      answers.push(decodeMessage(HealthCheckResponse, bytes)?.status);
    });
    await once(call, 'data');
    // Whatever were to come would have come before the answer of a later call.
    const { host, port } = served.address;
    const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
    assert.match(text, /^quorate_streams 1$/m);
    assert.deepEqual(answers, [status]);
    call.cancel();
    assert.equal(await code, 1);
  });
}

test('who watches the health of a server that stops is told so', async () => {
  const served = await serveNode();
  const { call, code } = watch(served, new Uint8Array(0));
  await once(call, 'data');
  call.resume();
  await served[Symbol.asyncDispose]();
  assert.equal(await code, 14);
});

test('a malformed question for the health is refused', async () => {
  await using served = await serveNode();
  const { call, code } = watch(served, Buffer.of(0xff));
  call.resume();
  assert.equal(await code, 13);
});
