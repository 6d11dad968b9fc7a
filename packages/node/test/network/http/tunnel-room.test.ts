import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect as plainConnect } from 'node:net';
import { suite, test } from 'node:test';
import type { Listener, Network } from '@quorate/base';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeFrame,
  reasonOf,
  type TunnelFrame,
} from '../../../src/network/http/tunnel-frame.ts';
import { NodeError } from '../../../src/node-error.ts';
import { Probe, untilTrue } from './probe.ts';
import { quickNetwork } from './rig.ts';

interface Room extends Disposable {
  readonly url: string;
  readonly port: number;
  readonly accepted: Probe[];
}

async function open(network: Network): Promise<Room> {
  const accepted: Probe[] = [];
  const listener = await new Promise<Listener>((fulfil, reject) => {
    network.listen(
      { host: '127.0.0.1', port: 0 },
      (connection) => {
        const probe = new Probe(connection);
        accepted.push(probe);
        return probe.handlers;
      },
      (error, opened) => (opened === null ? reject(error) : fulfil(opened)),
    );
  });
  const { port } = listener.address;
  const url = `http://127.0.0.1:${port}/quorate/peer`;
  return {
    url,
    port,
    accepted,
    [Symbol.dispose]: () => {
      for (const { connection } of accepted) connection.close('the test is over');
      listener.close();
    },
  };
}

const id = '0123456789abcdef0123456789abcdef';

async function post(url: string, body: Uint8Array): Promise<{ status: number; body: Buffer }> {
  const answer = await fetch(url, { method: 'POST', body: Uint8Array.from(body) });
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
}

type Parts = Pick<TunnelFrame, 'kind' | 'number'> & Partial<TunnelFrame>;

/** Sends one frame and reads the one that comes back. */
async function say(url: string, parts: Parts, data: string | Uint8Array = '') {
  const { status, body } = await post(url, encodeFrame(parts, [Buffer.from(data)]));
  const frame = decodeFrame(body);
  assert.ok(typeof frame !== 'string', String(body));
  return { status, frame };
}

/** Opens a tunnel by hand. */
async function opened(room: Room): Promise<{ url: string; token: string }> {
  const url = `${room.url}/${id}`;
  const { status, frame } = await say(url, { kind: 'open', number: 1 });
  assert.deepEqual([status, frame.kind], [200, 'opened']);
  return { url, token: frame.token };
}

suite('requests that are none of a tunnel', () => {
  test('are answered by a status that says what is wrong, and harm nothing', async () => {
    using room = await open(quickNetwork({ limits: { maxBodyBytes: 1000 } }));
    const status = async (path: string, init: RequestInit): Promise<number> =>
      (await fetch(`http://127.0.0.1:${room.port}${path}`, init)).status;
    const method = 'POST';
    assert.equal(await status('/', {}), 404);
    assert.equal(await status('/quorate/peers', { method }), 404);
    assert.equal(await status('/quorate/peer', { method }), 404);
    assert.equal(await status('/quorate/peer/', { method }), 400);
    assert.equal(await status('/quorate/peer/0123', { method }), 400);
    assert.equal(await status(`/quorate/peer/${id.toUpperCase()}`, { method }), 400);
    assert.equal(await status(`/quorate/peer/${id}/x`, { method }), 400);
    assert.equal(await status(`/quorate/peer/${id}?x=1`, { method }), 400);
    assert.equal(await status(`/quorate/peer/${id}`, { method, body: 'hello' }), 400);
    const got = await fetch(`${room.url}/${id}`);
    assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST']);
    const { url, token } = await opened(room);
    assert.equal(await status(`/quorate/peer/${id}`, { method, body: 'x'.repeat(2000) }), 413);
    const { frame } = await say(url, { kind: 'send', number: 2, token }, 'still here');
    assert.equal(frame.acknowledged, 10);
  });

  test('of any bytes never end the process, nor make a connection', async () => {
    using room = await open(quickNetwork());
    const { url } = await opened(room);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 90 }),
      // As an answer, or as one of a connection that it is not.
      fc
        .tuple(fc.constantFrom('send', 'poll', 'close', 'bytes', 'opened'), fc.nat(9), fc.string())
        .map(([kind, number, text]) => encodeFrame({ kind, number }, [Buffer.from(text)])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (body, isKnown) => {
        const answer = await post(isKnown ? url : `${room.url}/${'a'.repeat(32)}`, body);
        assert.ok(answer.status === 400 || answer.status === 404, String(answer.status));
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(room.accepted, []);
  });

  test('that are cut off are forgotten', async () => {
    using room = await open(quickNetwork());
    const { url, token } = await opened(room);
    for (const text of ['POST / HTTP', `POST ${new URL(url).pathname} HTTP/1.1\r\nhost: x\r\n`]) {
      const socket = plainConnect(room.port, '127.0.0.1');
      await once(socket, 'connect');
      const rest = text.endsWith('\n') ? 'content-length: 100\r\n\r\nhalf' : '';
      socket.end(text + rest);
      socket.resume();
      await once(socket, 'close');
    }
    const { frame } = await say(url, { kind: 'send', number: 2, token }, 'on');
    assert.equal(frame.acknowledged, 2);
  });
});

suite('a tunnel', () => {
  test('is a connection only once the token has come back, and open only once', async () => {
    using room = await open(quickNetwork());
    const { url, token } = await opened(room);
    assert.equal((await opened(room)).token, token, 'a copy of open gets the same answer');
    assert.equal(room.accepted.length, 0);
    const foreign = await say(url, { kind: 'send', number: 2, token: 'f'.repeat(32) }, 'hello');
    assert.deepEqual([foreign.status, foreign.frame.kind], [404, 'refused']);
    assert.equal(room.accepted.length, 0);
    await say(url, { kind: 'send', number: 2, token }, 'hello');
    assert.equal(room.accepted[0]?.text, 'hello');
    assert.equal((await say(url, { kind: 'open', number: 1 })).status, 409);
  });

  test('that has ended is not brought back by late copies of its requests', async () => {
    using room = await open(quickNetwork());
    const first = await opened(room);
    const hello: Parts = { kind: 'send', number: 2, token: first.token };
    await say(first.url, hello, 'hello');
    await say(first.url, { kind: 'close', number: 3, token: first.token }, 'bye');
    await untilTrue(() => room.accepted[0]?.closed !== null);
    assert.equal(room.accepted[0]?.closed, 'the peer ended the connection: bye');
    const late = await say(first.url, hello, 'hello');
    assert.deepEqual([late.status, late.frame.kind], [404, 'refused']);
    assert.notEqual((await opened(room)).token, first.token);
    const fooled = await say(first.url, hello, 'hello');
    assert.deepEqual([fooled.status, fooled.frame.kind], [404, 'refused']);
    assert.equal(room.accepted.length, 1);
  });

  test('takes each byte once, however often and late it comes', async () => {
    using room = await open(quickNetwork());
    const { url, token } = await opened(room);
    const send = (number: number, offset: number, text: string) =>
      say(url, { kind: 'send', number, offset, token }, text);
    await send(2, 0, 'abc');
    await send(3, 3, 'def');
    assert.equal((await send(2, 0, 'abc')).frame.acknowledged, 6);
    assert.equal((await send(4, 1, 'bcdefgh')).frame.acknowledged, 8);
    assert.equal(room.accepted[0]?.text, 'abcdefgh');
  });

  test('ends when bytes are missing, or more were acknowledged than written', async () => {
    for (const wrong of [{ offset: 5 }, { acknowledged: 1 }]) {
      using room = await open(quickNetwork());
      const { url, token } = await opened(room);
      await say(url, { kind: 'send', number: 2, token }, 'abc');
      const { frame } = await say(url, { kind: 'send', number: 3, token, ...wrong }, 'x');
      assert.equal(frame.kind, 'closed');
      assert.match(reasonOf(frame), /missing|never written/);
      await untilTrue(() => room.accepted[0]?.closed !== null);
      assert.equal(room.accepted[0]?.text, 'abc');
    }
  });

  test('answers polls with what was written, until it is acknowledged', async () => {
    using room = await open(quickNetwork());
    const { url, token } = await opened(room);
    const ask = async (parts: Partial<TunnelFrame>) => {
      const { frame } = await say(url, { kind: 'poll', number: 2, token, ...parts });
      return [frame.offset, String(Buffer.from(frame.data))];
    };
    await ask({ number: 2 });
    room.accepted[0]?.connection.write([Buffer.from('one')]);
    assert.deepEqual(await ask({ number: 3 }), [0, 'one']);
    room.accepted[0]?.connection.write([Buffer.from('two')]);
    assert.deepEqual(await ask({ number: 4, kind: 'send' }), [0, ''], 'by polls alone');
    assert.deepEqual(await ask({ number: 5 }), [0, 'onetwo']);
    assert.deepEqual(await ask({ number: 6, acknowledged: 3 }), [3, 'two']);
    assert.deepEqual(await ask({ number: 6 }), [0, ''], 'a copy is given nothing');
    assert.deepEqual(await ask({ number: 7 }), [3, 'two'], 'an old acknowledgement is harmless');
    assert.deepEqual(await ask({ number: 8, acknowledged: 6 }), [6, '']);
    assert.equal(room.accepted[0]?.connection.queuedBytes, 0);
  });

  test('holds one poll, and answers it when there is something to say', async () => {
    using room = await open(quickNetwork({ limits: { holdMs: 100_000, silenceMs: 200_000 } }));
    const { url, token } = await opened(room);
    const poll = (number: number) => say(url, { kind: 'poll', number, holdMs: 90_000, token });
    const first = poll(2);
    await untilTrue(() => room.accepted.length === 1);
    const second = poll(3);
    assert.equal((await first).frame.data.length, 0, 'the newer one takes its place');
    room.accepted[0]?.connection.write([Buffer.from('news')]);
    assert.equal(String(Buffer.from((await second).frame.data)), 'news');
    const third = poll(4);
    room.accepted[0]?.connection.close('enough');
    const last = await third;
    assert.deepEqual([last.frame.kind, reasonOf(last.frame)], ['closed', 'enough']);
  });

  test('whose other side is silent for too long is closed', async () => {
    const limits = { holdMs: 10, answerTimeoutMs: 10, silenceMs: 40 };
    using room = await open(quickNetwork({ limits }));
    const { url, token } = await opened(room);
    await say(url, { kind: 'send', number: 2, token }, 'hello');
    await untilTrue(() => room.accepted[0]?.closed !== null);
    assert.equal(room.accepted[0]?.closed, 'no request came for 40 ms');
  });

  test('that nobody reads is closed when too much waits', async () => {
    using room = await open(quickNetwork({ limits: { maxQueuedBytes: 3_000_000 } }));
    const { url, token } = await opened(room);
    await say(url, { kind: 'send', number: 2, token }, 'hello');
    const { connection } = room.accepted[0] as Probe;
    const results = [1, 2, 3, 4].map(() => connection.write([new Uint8Array(1_000_000)]));
    assert.deepEqual(results, [true, false, false, false]);
    await untilTrue(() => room.accepted[0]?.closed !== null);
    assert.match(room.accepted[0]?.closed ?? '', /leaves 4000000 bytes waiting/);
  });
});

suite('a listener', () => {
  test('takes so many connections and no more, and does not hold what strangers send', async () => {
    using room = await open(quickNetwork({ limits: { maxConnections: 3 } }));
    const open1 = encodeFrame({ kind: 'open', number: 1 });
    const statuses = [];
    for (let at = 1; at <= 5; at++) {
      statuses.push((await post(`${room.url}/${String(at).repeat(32)}`, open1)).status);
    }
    assert.deepEqual(statuses, [200, 200, 200, 503, 503]);
    const large = await post(`${room.url}/${'e'.repeat(32)}`, new Uint8Array(2000));
    assert.equal(large.status, 404, 'its body is not even read');
  });

  test('answers at most so many requests of one connection at a time', async () => {
    using room = await open(quickNetwork({ limits: { holdMs: 1000, silenceMs: 3000 } }));
    const { url } = await opened(room);
    const sockets = [];
    const half = `POST ${new URL(url).pathname} HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n`;
    for (let at = 0; at < 8; at++) {
      const socket = plainConnect(room.port, '127.0.0.1');
      socket.write(half);
      sockets.push(socket);
    }
    const tries = async (): Promise<number> => (await post(url, new Uint8Array(60))).status;
    while ((await tries()) !== 429) await new Promise((fulfil) => setImmediate(fulfil));
    for (const socket of sockets) socket.destroy();
    while ((await tries()) !== 400) await new Promise((fulfil) => setImmediate(fulfil));
  });

  test("may be mounted on a server of the user's own", async () => {
    const network = quickNetwork({ mounted: true, path: '/internal/raft' });
    const server = createServer((request, response) => {
      if (!network.handler(request, response)) response.end('hello from the user');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const url = `http://127.0.0.1:${address.port}`;
    assert.equal(await (await fetch(`${url}/internal/raft/${id}`)).text(), 'hello from the user');
    const room = await open(network);
    const client = await new Promise<Probe>((fulfil, reject) => {
      const handlers = Probe.handlersOf();
      network.connect(address, handlers, (error, connection) => {
        if (connection === null) reject(error);
        else fulfil(handlers.of(connection));
      });
    });
    client.connection.write([Buffer.from('through the same port')]);
    await untilTrue(() => room.accepted[0]?.text === 'through the same port');
    assert.equal(await (await fetch(url)).text(), 'hello from the user');
    client.connection.close('done');
    await untilTrue(() => room.accepted[0]?.closed !== null);
    room[Symbol.dispose]();
    assert.equal(await (await fetch(`${url}/internal/raft/${id}`)).text(), 'hello from the user');
    server.close();
    server.closeAllConnections();
  });

  test('is not opened with options that cannot be', () => {
    const field = (options: Parameters<typeof quickNetwork>[0]): string => {
      try {
        quickNetwork(options);
      } catch (error) {
        assert.ok(error instanceof NodeError && error.code === 'NODE_OPTIONS_INVALID');
        return String((error.metadata as { field: string }).field);
      }
      return 'none';
    };
    assert.equal(field({ path: 'quorate' }), 'path');
    assert.equal(field({ path: '/quorate/' }), 'path');
    assert.equal(field({ path: '/a?b' }), 'path');
    assert.equal(field({ headers: { 'a b': 'c' } }), 'headers.a b');
    assert.equal(field({ headers: { a: 'b\nc' } }), 'headers.a');
    assert.equal(field({ headers: { 'Content-Length': '1' } }), 'headers.Content-Length');
    assert.equal(field({ limits: { maxBodyBytes: 0 } }), 'limits.maxBodyBytes');
    assert.equal(field({ limits: { holdMs: 2 ** 40 } }), 'limits.holdMs');
    assert.equal(field({ limits: { silenceMs: 300 } }), 'limits.silenceMs');
    assert.equal(field({ limits: { maxIncomingBytes: 9 } }), 'limits.maxIncomingBytes');
    assert.equal(field({ headers: { authorization: 'Bearer abc' } }), 'none');
  });
});
