import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { open } from '../../raw-connection.ts';
import { serveNode } from '../../served-node.ts';
import { RawClient } from '../raw-client.ts';
import { headers, message, opening, withField } from './frames.ts';
import { ServedBackend } from './served-backend.ts';

const { until } = ServedBackend;
const echo = '/test.Service/Echo';
const both = '/test.Service/Both';
const asIs = (bytes: Buffer): Buffer => bytes;

function grpcClient({ address }: ServedBackend): Client {
  const options = { 'grpc.max_receive_message_length': -1 };
  return new Client(`${address.host}:${address.port}`, credentials.createInsecure(), options);
}

function openBoth(client: Client, path = both) {
  return client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
}

test('grpc-js: many calls at once, of all sizes, each with its own answer', async () => {
  await using served = await ServedBackend.open();
  const client = new RawClient(served.address);
  const sizes = [0, 1, 100, 16_379, 16_380, 70_000, 2 * 1024 * 1024];
  const requests = Array.from({ length: 300 }, (_, at) => Buffer.alloc(sizes[at % 6] ?? 0, at));
  requests.push(Buffer.alloc(2 * 1024 * 1024, 7));
  const answers = await Promise.all(requests.map((request) => client.call(echo, request)));
  for (const [at, { bytes }] of answers.entries()) assert.deepEqual(bytes, requests[at]);
  client.close();
});

test('grpc-js: metadata reaches the method', async () => {
  await using served = await ServedBackend.open();
  const client = new RawClient(served.address);
  await client.call(echo, Buffer.of(1));
  await client.call(echo, Buffer.of(1), { token: 'abc', hasleader: 'true' });
  await client.call(echo, Buffer.of(1), { authorization: 'Bearer def' });
  assert.deepEqual(served.contexts, [
    { requireLeader: false, token: '', commonName: '' },
    { requireLeader: true, token: 'abc', commonName: '' },
    { requireLeader: false, token: 'def', commonName: '' },
  ]);
  client.close();
});

test('grpc-js: errors, unknown methods, and deadlines', async () => {
  await using served = await ServedBackend.open();
  const client = new RawClient(served.address);
  const waiting = client.call('/test.Service/Hold', Buffer.of(1));
  await until(() => served.held.length === 1);
  served.held[0]?.({ code: 5, message: 'nothing: 100 % — ü' }, null);
  const { error } = await waiting;
  assert.deepEqual([error?.code, error?.details], [5, 'nothing: 100 % — ü']);
  const later = await client.call('/test.Service/Later', Buffer.of(1));
  assert.equal(later.error?.details, 'unknown method Later for service test.Service');
  assert.equal((await client.stream('/test.Service/Later')).code, 12);
  const raw = grpcClient(served);
  const late = await new Promise<ServiceError | null>((resolve) => {
    const options = { deadline: Date.now() + 50 };
    const path = '/test.Service/Hold';
    raw.makeUnaryRequest(path, asIs, asIs, Buffer.of(1), new Metadata(), options, resolve);
  });
  assert.equal(late?.code, 4);
  raw.close();
  client.close();
});

test('grpc-js: messages both ways until the client half-closes', async () => {
  await using served = await ServedBackend.open();
  const client = grpcClient(served);
  const call = openBoth(client);
  const answers: number[] = [];
  call.on('data', (bytes: Buffer) => answers.push(bytes.length));
  for (const length of [1, 20_000, 0, 1_000_000]) call.write(Buffer.alloc(length));
  call.end();
  const [status] = await once(call, 'status');
  assert.equal(status.code, 0);
  assert.deepEqual(answers, [1, 20_000, 0, 1_000_000]);
  assert.equal(served.heard.at(-1), 'halfClosed');
  client.close();
});

test('grpc-js: 50 MB go to a client that reads slowly, and little is kept', async () => {
  await using served = await ServedBackend.open();
  const client = grpcClient(served);
  const call = openBoth(client);
  call.write(Buffer.alloc(0));
  await until(() => served.streams.length === 1);
  const [stream] = served.streams;
  let sent = 0;
  const fill = (): void => {
    while (sent < 500 && stream?.send(Buffer.alloc(100_000, sent)) === true) sent++;
    if (sent < 500) sent++;
  };
  fill();
  const few = sent;
  assert.ok(few < 200, `${few} messages were taken at once`);
  let received = -1;
  call.on('data', (bytes: Buffer) => {
    if (received >= 0) assert.equal(bytes[0], received % 256);
    received++;
  });
  const drained = () => served.heard.filter((one) => one === 'drained').length;
  while (received < 500) {
    const before = drained();
    await until(() => drained() > before || received === 500 || sent === 500);
    fill();
    if (sent === 500) await until(() => received === 500);
  }
  stream?.end(null);
  await once(call, 'status');
  client.close();
});

test('grpc-js: large answers that are read as fast as can be fail no other call', async () => {
  await using served = await ServedBackend.open({ maxPendingBytes: 2_000_000 });
  const client = grpcClient(served);
  const calls = Array.from({ length: 12 }, () => openBoth(client));
  let received = 0;
  for (const call of calls) {
    call.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    call.write(Buffer.alloc(0));
  }
  await until(() => served.heard.length === calls.length);
  for (const stream of served.streams) stream.send(Buffer.alloc(4_000_000));
  const put = (): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(echo, asIs, asIs, Buffer.of(1), new Metadata(), resolve);
    });
  const failures = await Promise.all(Array.from({ length: 20 }, put));
  assert.deepEqual([...new Set(failures)], [null]);
  await until(() => received === 12 * 4_000_000);
  const ended = calls.map((call) => once(call, 'status'));
  for (const stream of served.streams) stream.end(null);
  await Promise.all(ended);
  client.close();
});

test('grpc-js: a cancelled call closes its stream, and so does a lost connection', async () => {
  await using served = await ServedBackend.open();
  // This client half-closes what it cancels, before it resets it.
  served.endsWithClient = false;
  const client = grpcClient(served);
  const { heard } = served;
  const first = openBoth(client);
  first.on('error', () => undefined);
  first.write(Buffer.of(1));
  await until(() => heard.length === 1);
  first.cancel();
  await until(() => heard.includes('closed'));
  heard.length = 0;
  const second = openBoth(client);
  second.on('error', () => undefined);
  second.write(Buffer.of(1));
  await until(() => heard.length === 1);
  for (const socket of served.sockets) socket.destroy();
  await until(() => heard.length === 2);
  assert.equal(heard.at(-1), 'closed');
  client.close();
});

test('closing: calls under way end, the connection after them', async () => {
  const served = await ServedBackend.open();
  const client = new RawClient(served.address);
  const waiting = client.call('/test.Service/Hold', Buffer.of(1));
  await until(() => served.held.length === 1);
  const closing = served.backend.close(60_000);
  served.held[0]?.(null, Buffer.of(9));
  assert.deepEqual((await waiting).bytes, Buffer.of(9));
  await closing;
  await served[Symbol.asyncDispose]();
  client.close();
});

test('closing: what does not end is cut', async () => {
  const served = await ServedBackend.open();
  const client = new RawClient(served.address);
  const waiting = client.call('/test.Service/Hold', Buffer.of(1));
  await until(() => served.held.length === 1);
  await served.backend.close(20);
  assert.equal((await waiting).error?.code, 14);
  await served[Symbol.asyncDispose]();
  client.close();
});

test('closing: connections that say nothing do not keep it', async () => {
  const served = await ServedBackend.open();
  const idle = await open(served.address);
  idle.resume();
  await until(() => served.sockets.length === 1);
  await served.backend.close(60_000);
  idle.destroy();
  await served[Symbol.asyncDispose]();
});

test('a client that speaks something else is told so, and let go', async () => {
  await using served = await ServedBackend.open();
  const socket = await open(served.address);
  socket.resume();
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
});

test('a client that sends and never reads is not read from without end', async () => {
  await using served = await ServedBackend.open();
  const socket = await open(served.address);
  socket.pause();
  socket.write(opening);
  await until(() => served.sockets.length === 1);
  const accepted = served.sockets[0] as Socket;
  const fields = withField(':path', '/x');
  let asked = 0;
  // Each is answered with an error: more bytes than the request has.
  while (!accepted.isPaused() && asked < 500_000) {
    const requests = Array.from({ length: 1000 }, () => headers(2 * asked++ + 1, fields, 1));
    socket.write(Buffer.concat(requests));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(accepted.isPaused(), 'everything was read');
  assert.ok(accepted.writableLength < 16 * 1024 * 1024);
  socket.resume();
  await until(() => !accepted.isPaused());
  socket.destroy();
});

const nothing = (): void => undefined;

function connectNode({ address }: ServedBackend) {
  const session = connect(`http://${address.host}:${address.port}`);
  session.on('error', nothing);
  return session;
}

interface NodeAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function ask(client: ClientHttp2Session, path: string, body: Buffer): Promise<NodeAnswer> {
  const request = client.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-long': 'a'.repeat(20_000),
  });
  const parts: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  request.on('response', (fields) => {
    headers = fields;
  });
  request.on('trailers', (fields) => {
    trailers = fields;
  });
  request.on('data', (part: Buffer) => parts.push(part));
  request.end(body);
  await once(request, 'close');
  return { headers, trailers, body: Buffer.concat(parts) };
}

test("Node's client: answers, trailers, errors, header fields in several frames", async () => {
  await using served = await ServedBackend.open();
  const client = connectNode(served);
  for (let round = 0; round < 3; round++) {
    const request = message(Buffer.alloc(100_000 * round, 3));
    const { headers, trailers, body } = await ask(client, echo, request);
    assert.deepEqual([headers[':status'], headers['content-type']], [200, 'application/grpc']);
    assert.equal(trailers['grpc-status'], '0');
    assert.deepEqual(body, request);
    const refused = await ask(client, '/other/Method', request);
    assert.equal(refused.headers['grpc-status'], '12');
  }
  await new Promise<void>((resolve) => client.close(resolve));
});

test("Node's client: calls that had an answer are cancelled without end", async () => {
  await using served = await ServedBackend.open({ resetBurst: 20, resetsPerSecond: 1 });
  const client = connectNode(served);
  const opened = { ':method': 'POST', ':path': both, 'content-type': 'application/grpc' };
  for (let round = 0; round < 200; round++) {
    const request = client.request({ ...opened, te: 'trailers' });
    request.on('error', nothing);
    request.write(message(Buffer.of(1)));
    await Promise.race([once(request, 'data'), once(client, 'close')]);
    assert.equal(client.destroyed, false, `after ${round} calls`);
    request.close(8);
    await once(request, 'close');
  }
  assert.equal((await ask(client, echo, message(Buffer.of(1)))).trailers['grpc-status'], '0');
  await new Promise<void>((resolve) => client.close(resolve));
});

test("Node's client: small tables and small windows are respected", async () => {
  await using served = await ServedBackend.open();
  const { address } = served;
  const settings = { headerTableSize: 0, initialWindowSize: 1000 };
  const client = connect(`http://${address.host}:${address.port}`, { settings });
  const request = message(Buffer.alloc(200_000, 5));
  for (let round = 0; round < 3; round++) {
    const { trailers, body } = await ask(client, echo, request);
    assert.equal(trailers['grpc-status'], '0');
    assert.deepEqual(body, request);
  }
  await new Promise<void>((resolve) => client.close(resolve));
});

const run = promisify(execFile);

async function hasEtcdctl(): Promise<boolean> {
  try {
    await run('etcdctl', ['version'], { env: { ...process.env, ETCDCTL_API: '3' } });
    return true;
  } catch {
    return false;
  }
}

test('etcdctl, with and without a scheme in its endpoints', async (context) => {
  if (!(await hasEtcdctl())) {
    context.diagnostic('etcdctl is not installed here: install etcd-client to test with it');
    return;
  }
  await using served = await serveNode();
  const { host, port } = served.address;
  const env = { ...process.env, ETCDCTL_API: '3' };
  for (const endpoint of [`http://${host}:${port}`, `${host}:${port}`]) {
    const ctl = async (...words: readonly string[]): Promise<string> => {
      const said = await run('etcdctl', ['--endpoints', endpoint, ...words], { env });
      return said.stdout + said.stderr;
    };
    assert.equal(await ctl('put', 'k', 'a value'), 'OK\n');
    assert.equal(await ctl('get', 'k'), 'k\na value\n');
    const [status] = JSON.parse(await ctl('endpoint', 'status', '-w', 'json'));
    assert.equal(status.Endpoint, endpoint);
    assert.match(await ctl('endpoint', 'health'), /is healthy/);
  }
});
