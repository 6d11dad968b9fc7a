import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { type Address, silentLogger } from '@quorate/base';
import { ServerError } from '@quorate/server';
import { ConnectionLimit } from '../../src/limits/connection-limit.ts';
import { ClientPort } from '../../src/port/client-port.ts';
import { open } from '../raw-connection.ts';

const loopback = { host: '127.0.0.1', port: 0 };

/** A port that tells what each connection was taken for, with the first bytes its taker saw. */
function listeningPort() {
  const taken: string[] = [];
  let arrived = Promise.withResolvers<void>();
  const take = (protocol: string) => (socket: Socket) => {
    socket.once('data', (chunk) => {
      taken.push(`${protocol} ${chunk.toString('latin1')}`);
      arrived.resolve();
      socket.destroy();
    });
  };
  const takers = { http1: take('http1'), http2: take('http2') };
  const port = new ClientPort(takers, silentLogger);
  const next = async (): Promise<string | undefined> => {
    await arrived.promise;
    arrived = Promise.withResolvers();
    return taken.pop();
  };
  return { port, next, taken };
}

test('connections are told apart by their first bytes, which their taker still sees', async () => {
  const { port, next } = listeningPort();
  await port.listen(loopback);
  const [address] = port.addresses as [Address];
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const first of ['GET / HTTP/1.1\r\n', 'PUT /x', 'PRI * HTTP/1.1', 'x', preface]) {
    const socket = await open(address);
    socket.write(first);
    assert.equal(await next(), `${first === preface ? 'http2' : 'http1'} ${first}`);
    socket.destroy();
  }
  port.stop();
});

test('a preface that arrives byte by byte is still one', async () => {
  const { port, next, taken } = listeningPort();
  await port.listen(loopback);
  const socket = await open(port.addresses[0] as Address);
  for (const byte of 'PRI * HTTP/2.') {
    socket.write(byte);
    // A turn of the event loop each, so that the bytes have a chance to arrive apart.
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(taken, []);
  socket.write('0');
  assert.equal(await next(), 'http2 PRI * HTTP/2.0');
  socket.destroy();
  port.stop();
});

test('every address is listened on, and stopping cuts who has not said anything', async () => {
  const { port } = listeningPort();
  await port.listen(loopback);
  await port.listen(loopback);
  const [first, second] = port.addresses as [Address, Address];
  assert.notEqual(first.port, second.port);
  const silent = await Promise.all([open(first), open(second)]);
  const reachable = await open(first);
  reachable.write('G');
  await once(reachable, 'close');
  const closed = silent.map((socket) => once(socket, 'close'));
  port.stop();
  await Promise.all(closed);
});

test('a port that is taken is named, with the option that changes it', async () => {
  const { port } = listeningPort();
  await port.listen(loopback);
  const [address] = port.addresses as [Address];
  const other = listeningPort().port;
  await assert.rejects(other.listen(address), (error: ServerError) => {
    assert.ok(error instanceof ServerError);
    assert.equal(error.code, 'SERVER_ADDRESS_IN_USE');
    assert.deepEqual(error.metadata, address);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${address.port}`));
    assert.match(error.message, /--listen-client-urls/);
    return true;
  });
  port.stop();
});

test('an address of another machine cannot be listened on', async () => {
  const { port } = listeningPort();
  const elsewhere = { host: '192.0.2.1', port: 0 };
  await assert.rejects(port.listen(elsewhere), { code: 'SERVER_LISTEN_FAILED' });
  assert.deepEqual(port.addresses, []);
});

test('more connections than may be are turned away, which is said once', async () => {
  const lines: string[] = [];
  const warn = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const takers = { http1: () => undefined, http2: () => undefined };
  const limit = new ConnectionLimit(2);
  const logger = { ...silentLogger, warn };
  const port = new ClientPort(takers, logger, null, undefined, limit);
  await port.listen(loopback);
  const [address] = port.addresses as [Address];
  const kept = [await open(address), await open(address)];
  for (let more = 0; more < 5; more++) {
    const socket = await open(address);
    if (!socket.destroyed) await once(socket, 'close');
  }
  assert.equal(limit.refusals, 5);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /client refused .*2 connections are open.*--max-connections/);
  for (const socket of kept) socket.destroy();
  port.stop();
});
