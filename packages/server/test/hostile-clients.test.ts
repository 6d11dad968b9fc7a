import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Address, Prng } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { type QuorateServer, startServer } from '@quorate/server';
import { ErrorCode, FrameType } from '../src/rpc/http2/protocol.ts';
import { clusterOptions } from './cluster-options.ts';
import { garbage } from './garbage.ts';
import { open } from './raw-connection.ts';
import {
  block,
  data,
  frame,
  headers,
  message,
  opening,
  uint32,
  withField,
} from './rpc/http2/frames.ts';
import { RawClient, TestClient } from './rpc/raw-client.ts';

/* Nothing that a client sends can stop a node, or poison the log. */

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const mebibyte = 2 ** 20;
/** What a node may keep of all that was done to it; in this process there are three. */
const keptBytes = 64 * mebibyte;

const seed = 20_261_122;

async function startCluster(context: TestContext): Promise<QuorateServer[]> {
  const options = await clusterOptions(context, ['n1', 'n2', 'n3']);
  const servers = await Promise.all(options.map((one) => startServer(one)));
  context.after(() => Promise.all(servers.map((server) => server.close())));
  // Calls wait until then, and those that come here are not patient.
  for (const server of servers) await until(async () => server.status().leader !== 0n);
  return servers;
}

function addressOf(server: QuorateServer): Address {
  return server.clientAddresses[0] as Address;
}

async function metric(server: QuorateServer, name: string): Promise<number> {
  const { host, port } = addressOf(server);
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

/** Asks until it is so; the test's own time limit ends what never comes to be. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** All have the same history up to the same revision. */
async function assertAgreement(servers: readonly QuorateServer[]): Promise<void> {
  const [first] = servers as [QuorateServer];
  using client = new TestClient(addressOf(first));
  const revision = await client.put('after', 'all');
  const hashes = await Promise.all(
    servers.map(async (server) => {
      using reader = new TestClient(addressOf(server));
      assert.equal((await reader.get('after')).value, 'all');
      const raw = new RawClient(addressOf(server));
      const request = encodeMessage(etcd.HashKVRequest, { revision });
      const { bytes, error } = await raw.call('/etcdserverpb.Maintenance/HashKV', request);
      raw.close();
      const answer = bytes === null ? null : decodeMessage(etcd.HashKVResponse, bytes);
      assert.ok(answer !== null, `no hash: ${error?.message}`);
      return `${answer.hash} behind ${answer.compactRevision}`;
    }),
  );
  assert.equal(new Set(hashes).size, 1, hashes.join(', '));
}

/** Sends, and waits for the node to end the connection or for the client to have seen enough. */
async function attack(server: QuorateServer, ...pieces: readonly Buffer[]): Promise<void> {
  const socket: Socket = await open(addressOf(server));
  socket.resume();
  for (const piece of pieces) {
    if (socket.destroyed || !socket.writable) break;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  }
  await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
}

const watchPath = withField(':path', '/etcdserverpb.Watch/Watch');
const lockPath = withField(':path', '/v3lockpb.Lock/Lock');
const putPath = withField(':path', '/etcdserverpb.KV/Put');

const all = { key: Buffer.of(0), rangeEnd: Buffer.of(0) };

/** The lock is waited for by all but one; the put is not ended. */
const opened = [
  [watchPath, encodeMessage(etcd.WatchRequest, { createRequest: all })],
  [lockPath, encodeMessage(etcd.LockRequest, { name: Buffer.from('lock') })],
  [putPath, encodeMessage(etcd.PutRequest, { key: Buffer.from('never') })],
] as const;

function resetOf(stream: number): Buffer {
  return frame(FrameType.rstStream, 0, stream, uint32(ErrorCode.cancel));
}

/** Bytes that a client could send, then damaged. */
function damaged(prng: Prng): Buffer {
  const put = encodeMessage(etcd.PutRequest, { key: Buffer.from('k'), value: Buffer.alloc(50) });
  const parts = [1, 3, 5, 7].map((id) =>
    Buffer.concat([
      headers(id, prng.pick([watchPath, lockPath, putPath])),
      data(id, message(put), 1),
    ]),
  );
  const bytes = Buffer.concat([opening, ...parts]);
  for (let left = 1 + prng.below(8); left > 0; left--) {
    bytes[24 + prng.below(bytes.length - 24)] = prng.below(256);
  }
  return bytes.subarray(0, prng.chance(0.3) ? prng.below(bytes.length) : bytes.length);
}

function noise(prng: Prng, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => prng.below(256)));
}

test('bytes of any kind, half-open connections, slow and endless requests', async (context) => {
  const servers = await startCluster(context);
  const [server] = servers as [QuorateServer];
  const prng = new Prng(seed);
  collectGarbage();
  const before = process.memoryUsage();
  const silent = await Promise.all(Array.from({ length: 100 }, () => open(addressOf(server))));
  for (const [at, socket] of silent.entries()) {
    const begun = ['', 'P', 'PRI * HTT', 'POST /v3/kv/put HTTP/1.1\r\nContent-Length: 9\r\n\r\n{'];
    socket.write(begun[at % begun.length] as string);
    if (at % 2 === 0) socket.end();
  }
  for (let round = 0; round < 150; round++) {
    const kind = round % 3;
    const bytes = kind === 0 ? noise(prng, 1 + prng.below(2000)) : damaged(prng);
    await attack(servers[round % 3] as QuorateServer, bytes);
  }
  const chunk = Buffer.alloc(64 * 1024, 'a');
  await attack(server, Buffer.from('GET /health HTTP/1.1\r\nX: '), ...Array(20).fill(chunk));
  const endless = 'POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const inChunks = Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]);
  await attack(server, Buffer.from(endless), ...Array(200).fill(inChunks));
  const nested = Buffer.from(`${'{"create_request":'.repeat(20_000)}1`);
  const length = `Content-Length: ${nested.length}\r\n\r\n`;
  await attack(server, Buffer.from(`POST /v3/watch HTTP/1.1\r\nHost: x\r\n${length}`), nested);
  const pipelined = Buffer.from(
    'POST /v3/lock/lock HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
  );
  await attack(server, Buffer.concat(Array.from({ length: 2000 }, () => pipelined)));
  const fields = block(Array.from({ length: 100 }, () => ['x-large', 'y'.repeat(120)] as const));
  const goingOn = Array.from({ length: 100 }, () => frame(FrameType.continuation, 0, 1, fields));
  const begun = frame(FrameType.headers, 0, 1, block(watchPath));
  await attack(server, opening, begun, ...goingOn);
  for (const socket of silent) socket.destroy();
  await assertAgreement(servers);
  await until(async () => (await metric(server, 'quorate_streams')) === 0);
  collectGarbage();
  const after = process.memoryUsage();
  const kept = after.heapUsed + after.external - before.heapUsed - before.external;
  assert.ok(kept < keptBytes, `${kept} bytes are kept`);
});

test('thousands of streams, opened and let go, with calls under way', async (context) => {
  const servers = await startCluster(context);
  const [server] = servers as [QuorateServer];
  collectGarbage();
  const before = process.memoryUsage();
  for (const kept of [false, true]) {
    const pieces: Buffer[] = [opening];
    for (let id = 1; id < 2000; id += 2) {
      const [path, request] = opened[id % 3] as (typeof opened)[number];
      pieces.push(headers(id, path), data(id, message(request), path === lockPath ? 1 : 0));
      if (!kept) pieces.push(resetOf(id));
    }
    await Promise.all(servers.map((one) => attack(one, Buffer.concat(pieces))));
  }
  await assertAgreement(servers);
  await until(async () => (await metric(server, 'quorate_streams')) === 0);
  assert.equal(await metric(server, 'etcd_debugging_mvcc_watcher_total'), 0);
  assert.equal(await metric(server, 'quorate_clients_calls'), 0);
  assert.equal(await metric(server, 'quorate_clients_held_bytes{what="requests"}'), 0);
  collectGarbage();
  const after = process.memoryUsage();
  const kept = after.heapUsed + after.external - before.heapUsed - before.external;
  assert.ok(kept < keptBytes, `${kept} bytes are kept`);
});

/** Turning a node's alarms on is what that request is for: the store is full then, or corrupt. */
async function disarm(server: QuorateServer): Promise<void> {
  const raw = new RawClient(addressOf(server));
  const ask = async (request: Parameters<typeof encodeMessage<etcd.AlarmRequest>>[1]) => {
    const bytes = encodeMessage(etcd.AlarmRequest, request);
    const answer = await raw.call('/etcdserverpb.Maintenance/Alarm', bytes);
    assert.ok(answer.bytes !== null, `no alarms: ${answer.error?.message}`);
    return decodeMessage(etcd.AlarmResponse, answer.bytes)?.alarms ?? [];
  };
  for (const { memberID, alarm } of await ask({ action: 0, alarm: 0 })) {
    await ask({ action: 2, memberID, alarm });
  }
  raw.close();
}

test('requests of every method that are well-formed and mean nothing', async (context) => {
  const servers = await startCluster(context);
  const prng = new Prng(seed);
  for (const server of servers) {
    const { host, port } = addressOf(server);
    const session = connectHttp2(`http://${host}:${port}`);
    session.on('error', () => undefined);
    const calls: Promise<unknown>[] = [];
    let succeeded = 0;
    for (const { path, request } of etcd.rpcs) {
      for (let times = 0; times < 4; times++) {
        const call = session.request({
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
          'grpc-timeout': '300m',
        });
        call.on('error', () => undefined);
        const answered = (fields: object): void => {
          if ('grpc-status' in fields && fields['grpc-status'] === '0') succeeded++;
        };
        call.on('trailers', answered);
        call.resume();
        calls.push(once(call, 'close'));
        const bytes = encodeMessage(request.codec, garbage(request.json, prng));
        call.end(message(prng.chance(0.1) ? bytes.subarray(bytes.length / 2) : bytes));
      }
    }
    await Promise.all(calls);
    assert.ok(succeeded > 10, 'some of it has to mean something');
    session.close();
  }
  await disarm(servers[0] as QuorateServer);
  await assertAgreement(servers);
  for (const server of servers) assert.equal(await metric(server, 'quorate_streams'), 0);
});
