import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Address, silentLogger } from '@quorate/base';
import { HttpEndpoints, type HttpLimits } from '../../src/port/http-endpoints.ts';
import { open, readToEnd } from '../raw-connection.ts';

const endpoints = {
  '/hello': (query: URLSearchParams) => {
    return { status: 200, contentType: 'text/plain', body: `hello ${query.get('name')}` };
  },
  '/broken': () => Promise.reject(new Error('in this test')),
};

async function serve(limits?: HttpLimits) {
  const http = new HttpEndpoints(endpoints, [], silentLogger, limits);
  const listener = createServer((socket) => http.connection(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const address: Address = { host: '127.0.0.1', port };
  const stop = (): void => {
    void http.close(0);
    listener.close();
  };
  return { address, stop };
}

async function exchange(address: Address, request: string): Promise<string> {
  const socket: Socket = await open(address);
  socket.write(request);
  return readToEnd(socket);
}

const close = 'Host: x\r\nConnection: close\r\n\r\n';

test('GET and HEAD of a known path are answered, with the query given on', async () => {
  const { address, stop } = await serve();
  const got = await exchange(address, `GET /hello?name=you HTTP/1.1\r\n${close}`);
  assert.match(got, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(got, /content-length: 9\r\n/);
  assert.ok(got.endsWith('\r\n\r\nhello you'));
  const head = await exchange(address, `HEAD /hello HTTP/1.1\r\n${close}`);
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.ok(head.endsWith('\r\n\r\n'));
  const body = '{"some":"json"}';
  const withBody = `GET /hello HTTP/1.1\r\nContent-Length: ${body.length}\r\n${close}${body}`;
  assert.match(await exchange(address, withBody), /hello null$/);
  stop();
});

test('other paths, other methods and failures have their status', async () => {
  const { address, stop } = await serve();
  const statusOf = async (request: string): Promise<string | undefined> =>
    (await exchange(address, request)).split('\r\n')[0];
  assert.equal(await statusOf(`GET /nope HTTP/1.1\r\n${close}`), 'HTTP/1.1 404 Not Found');
  assert.equal(
    await statusOf(`POST /hello HTTP/1.1\r\n${close}`),
    'HTTP/1.1 405 Method Not Allowed',
  );
  const broken = await statusOf(`GET /broken HTTP/1.1\r\n${close}`);
  assert.equal(broken, 'HTTP/1.1 500 Internal Server Error');
  assert.equal(await statusOf('garbage\r\n\r\n'), 'HTTP/1.1 400 Bad Request');
  const large = `GET /hello HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n${close}`;
  assert.equal(await statusOf(large), 'HTTP/1.1 431 Request Header Fields Too Large');
  stop();
});

test('a client that never ends its headers is answered and cut', async () => {
  const limits = { headersTimeoutMs: 50, requestTimeoutMs: 100, idleTimeoutMs: 1000 };
  const { address, stop } = await serve(limits);
  assert.match(await exchange(address, 'GET /hello HTTP/1.1\r\nX: '), /^HTTP\/1\.1 408 /);
  stop();
});

test('closing cuts connections that are kept open', async () => {
  const { address, stop } = await serve();
  const socket = await open(address);
  socket.write('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  stop();
  await closed;
});

test('a request may name the origin before the path, as requests to proxies do', async () => {
  const { address, stop } = await serve();
  for (const target of [
    'http://somewhere:1234/hello?name=you',
    'HTTPS://[::1]/hello?name=you',
    '/hello?name=you',
  ]) {
    const got = await exchange(address, `GET ${target} HTTP/1.1\r\n${close}`);
    assert.match(got, /^HTTP\/1\.1 200 OK\r\n.*hello you$/s, target);
  }
  for (const target of ['http://somewhere', 'ftp://somewhere/hello', '/http://x/hello']) {
    const got = await exchange(address, `GET ${target} HTTP/1.1\r\n${close}`);
    assert.match(got, /^HTTP\/1\.1 404 /, target);
  }
  stop();
});
