import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, connect as plainConnect } from 'node:net';
import { test } from 'node:test';
import type { Address, Connection, ConnectionHandlers, Listener } from '@quorate/base';
import { concatBytes, silentLogger } from '@quorate/base';
import { createNetwork } from '../../src/network/network.ts';
import { NodeError } from '../../src/node-error.ts';

const network = createNetwork(silentLogger);
const anyPort: Address = { host: '127.0.0.1', port: 0 };

interface End {
  connection: Connection | null;
  readonly received: Uint8Array[];
  readonly reasons: string[];
  drained: number;
  readonly handlers: ConnectionHandlers;
  readonly closed: Promise<void>;
  onData: () => void;
}

function end(): End {
  const { promise, resolve } = Promise.withResolvers<void>();
  const self: End = {
    connection: null,
    received: [],
    reasons: [],
    drained: 0,
    onData: () => undefined,
    closed: promise,
    handlers: {
      data(chunk) {
        self.received.push(new Uint8Array(chunk));
        self.onData();
      },
      drained() {
        self.drained++;
      },
      closed(reason) {
        self.reasons.push(reason);
        resolve();
      },
    },
  };
  return self;
}

function listen(address: Address, accept: (connection: Connection) => ConnectionHandlers) {
  return new Promise<Listener>((fulfil, reject) => {
    network.listen(address, accept, (error, listener) => {
      if (listener === null) reject(error);
      else fulfil(listener);
    });
  });
}

function connect(address: Address, handlers: ConnectionHandlers) {
  return new Promise<Connection>((fulfil, reject) => {
    network.connect(address, handlers, (error, connection) => {
      if (connection === null) reject(error);
      else fulfil(connection);
    });
  });
}

async function pair(): Promise<{ client: End; server: End; listener: Listener }> {
  const client = end();
  const server = end();
  const accepted = Promise.withResolvers<void>();
  const listener = await listen(anyPort, (connection) => {
    server.connection = connection;
    accepted.resolve();
    return server.handlers;
  });
  client.connection = await connect(listener.address, client.handlers);
  await accepted.promise;
  return { client, server, listener };
}

function received(at: End, bytes: number): Promise<Uint8Array> {
  return new Promise((fulfil) => {
    const check = (): void => {
      const all = concatBytes(at.received);
      if (all.length >= bytes) fulfil(all);
    };
    at.onData = check;
    check();
  });
}

test('chunks arrive in order, small ones and large ones, both ways', async () => {
  const { client, server, listener } = await pair();
  const chunks = [3, 0, 20_000, 1, 300_000].map((size, i) => new Uint8Array(size).fill(i + 1));
  client.connection?.write(chunks.slice(0, 2));
  client.connection?.write(chunks.slice(2));
  client.connection?.write([]);
  assert.deepEqual(await received(server, 320_004), concatBytes(chunks));
  server.connection?.write([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  assert.deepEqual(await received(client, 3), Uint8Array.of(1, 2, 3));
  assert.equal(client.connection?.queuedBytes, 0);
  assert.equal(client.connection?.remote, `127.0.0.1:${listener.address.port}`);
  client.connection?.close('the test is over');
  await Promise.all([client.closed, server.closed]);
  assert.deepEqual(client.reasons, ['the test is over']);
  assert.equal(server.reasons.length, 1);
  listener.close();
});

test('write says when the queue is above the mark, and drained when it has fallen', async () => {
  const { client, server, listener } = await pair();
  const chunk = new Uint8Array(256 * 1024);
  let sent = 0;
  while (client.connection?.write([chunk]) === true) sent += chunk.length;
  sent += chunk.length;
  assert.ok((client.connection?.queuedBytes ?? 0) > 0);
  assert.equal(client.drained, 0);
  await received(server, sent);
  while (client.drained === 0) await new Promise((fulfil) => setImmediate(fulfil));
  assert.equal(client.drained, 1);
  client.connection?.close('done');
  await server.closed;
  listener.close();
});

test('after close nothing is delivered, writes are refused, and closed comes once', async () => {
  const { client, server, listener } = await pair();
  server.connection?.write([new Uint8Array(10)]);
  client.connection?.close('first');
  client.connection?.close('second');
  assert.equal(client.connection?.write([new Uint8Array(10)]), false);
  assert.deepEqual(client.reasons, [], 'not from inside the call');
  await Promise.all([client.closed, server.closed]);
  assert.deepEqual(client.reasons, ['first']);
  assert.deepEqual(client.received, []);
  listener.close();
});

test('a connection may be closed while it is being accepted', async () => {
  const server = end();
  const client = end();
  const listener = await listen(anyPort, (connection) => {
    connection.close('too many');
    return server.handlers;
  });
  await connect(listener.address, client.handlers);
  await Promise.all([client.closed, server.closed]);
  assert.deepEqual(server.reasons, ['too many']);
  listener.close();
});

test('a peer that only ends its half is taken as gone', async () => {
  const server = end();
  const listener = await listen(anyPort, () => server.handlers);
  const { host, port } = listener.address;
  const socket = plainConnect({ host, port, allowHalfOpen: true });
  socket.end('bye');
  await server.closed;
  assert.deepEqual(server.reasons, ['the peer ended the connection']);
  assert.equal(concatBytes(server.received).length, 3);
  socket.resume();
  await once(socket, 'close');
  listener.close();
});

test('a reset names itself', async () => {
  const server = end();
  const listener = await listen(anyPort, () => server.handlers);
  const { host, port } = listener.address;
  const socket = plainConnect({ host, port });
  await once(socket, 'connect');
  socket.resetAndDestroy();
  await server.closed;
  assert.deepEqual(server.reasons, ['the peer reset the connection (ECONNRESET)']);
  listener.close();
});

test('an address in use is named', async () => {
  const { listener, client } = await pair();
  const { port } = listener.address;
  await assert.rejects(
    listen(listener.address, () => client.handlers),
    (error) => {
      assert.ok(error instanceof NodeError && error.code === 'NODE_LISTEN_FAILED');
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*in use.*EADDRINUSE`));
      return true;
    },
  );
  client.connection?.close('done');
  listener.close();
});

test('nobody listening is an error of connect, and no handler is called', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const client = end();
  await assert.rejects(connect({ host: '127.0.0.1', port }, client.handlers), (error) => {
    assert.ok(error instanceof NodeError && error.code === 'NODE_CONNECT_FAILED');
    assert.match(error.message, /nothing listens there \(ECONNREFUSED\)/);
    return true;
  });
  assert.deepEqual(client.reasons, []);
});
