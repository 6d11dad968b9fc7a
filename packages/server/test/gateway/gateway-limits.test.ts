import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '@quorate/base';
import { Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import { ClientTotals } from '../../src/limits/client-totals.ts';
import { HttpEndpoints } from '../../src/port/http-endpoints.ts';
import { CalledService } from '../core/called-service.ts';
import { open, readToEnd } from '../raw-connection.ts';

/** The gateway on a port of its own. */
async function serveGateway(options: Partial<GatewayOptions> = {}) {
  const called = new CalledService();
  const { service } = called;
  const gateway = new Gateway({ service, requestTimeoutMs: 60_000, ...options });
  const http = new HttpEndpoints({}, [gateway], silentLogger);
  const listener = createServer((socket) => http.connection(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port },
    service,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      called[Symbol.dispose]();
      await http.close(0);
    },
  };
}

function opened(path: string, headers: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`;
}

test('bodies of all clients are bounded together', async () => {
  const totals = new ClientTotals({ answerBytes: 1e9, requestBytes: 10_000, calls: 10 });
  await using served = await serveGateway({ totals });
  const first = await open(served.address);
  first.write(
    `${opened('/v3/kv/put', 'Connection: close\r\nContent-Length: 9000')}${'a'.repeat(9000)}`,
  );
  const answer = await readToEnd(first);
  assert.match(answer, /^HTTP\/1\.1 429 /);
  assert.match(answer, /too many requests/);
  assert.equal(totals.requests.amount, 0);
  assert.equal(totals.requests.refusals, 1);
});

test('a request that does not come in time is answered and cut, of a stream as well', async () => {
  await using served = await serveGateway({ requestTimeoutMs: 30 });
  for (const path of ['/v3/kv/put', '/v3/watch']) {
    const socket = await open(served.address);
    socket.write(`${opened(path, 'Content-Length: 9')}{`);
    assert.match(await readToEnd(socket), /^HTTP\/1\.1 504 .*the request is not whole/s);
  }
});

test('a stream that has begun may stay open for longer than a request', async () => {
  await using served = await serveGateway({ requestTimeoutMs: 30 });
  const socket = await open(served.address);
  const request = '{"create_request":{"key":"YQ=="}}';
  socket.write(`${opened('/v3/watch', 'Transfer-Encoding: chunked')}`);
  socket.write(`${request.length.toString(16)}\r\n${request}\r\n`);
  await once(socket, 'data');
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('close', () => resolve('cut'));
  setTimeout(() => resolve('open'), 150);
  assert.equal(await promise, 'open');
  socket.destroy();
});

test('more requests without answers than anyone sends end the connection', async () => {
  await using served = await serveGateway();
  const socket = await open(served.address);
  const body = '{"name":"bG9jaw=="}';
  const lock = `${opened('/v3/lock/lock', `Content-Length: ${body.length}`)}${body}`;
  socket.write(lock.repeat(200));
  await readToEnd(socket);
  assert.equal(served.service.streams, 0);
});
