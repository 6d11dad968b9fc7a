import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { type Address, type ConnectionHandlers, silentLogger } from '@quorate/base';
import { createTcpNetwork, timers } from '@quorate/node';
import { decodeHello, encodeHello, type Hello } from '../../src/raftify/hello.ts';
import { frameOf } from '../../src/raftify/question-frame.ts';
import { SharedPort } from '../../src/raftify/shared-port.ts';
import { freePort } from '../node/free-port.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

class Rig implements Disposable {
  readonly address: Address;
  readonly port: SharedPort;
  /** What the host was told, connection by connection. */
  readonly heard: string[] = [];

  private constructor(address: Address) {
    this.address = address;
    this.port = new SharedPort({
      network: createTcpNetwork(silentLogger),
      timers,
      answer: (question) => {
        return text(question) === 'who?' ? Buffer.from('it is me') : null;
      },
    });
  }

  static async open(): Promise<Rig> {
    const rig = new Rig({ host: '127.0.0.1', port: await freePort() });
    await rig.port.open(rig.address);
    return rig;
  }

  /** The host answers each connection with what it has heard of it, in capitals. */
  listen(): Promise<void> {
    return new Promise((fulfil) => {
      this.port.network.listen(
        this.address,
        (connection): ConnectionHandlers => ({
          data: (chunk) => {
            this.heard.push(text(chunk));
            connection.write([Buffer.from(text(chunk).toUpperCase())]);
          },
          drained: () => undefined,
          closed: () => undefined,
        }),
        () => fulfil(),
      );
    });
  }

  socket(): Socket {
    const socket = connect(this.address.port, this.address.host);
    socket.setNoDelay(true).on('error', () => undefined);
    return socket;
  }

  [Symbol.dispose](): void {
    this.port.close();
  }
}

async function answerOf(socket: Socket): Promise<string> {
  const [chunk] = await once(socket, 'data');
  socket.destroy();
  return text(chunk);
}

describe('a port of two', { timeout: 60_000 }, () => {
  it('answers questions, before there is a host and after', async () => {
    using rig = await Rig.open();
    const ask = () => rig.port.ask(rig.address, Buffer.from('who?'), 10_000);
    for (let times = 0; times < 2; times++) {
      const answer = await ask();
      assert.ok(answer instanceof Uint8Array);
      assert.equal(text(answer), 'it is me');
      await rig.listen();
    }
    assert.deepEqual(rig.heard, []);
  });

  it('hands all else to the host, from the first byte', async () => {
    using rig = await Rig.open();
    await rig.listen();
    const socket = rig.socket();
    socket.write('QR');
    await once(socket, 'connect');
    // As far as this goes it could be a question.
    await new Promise((fulfil) => setImmediate(fulfil));
    socket.write('PEER');
    assert.match(await answerOf(socket), /^QRPEER$/);
    const other = rig.socket();
    other.write('hello');
    assert.equal(await answerOf(other), 'HELLO');
  });

  it('ends what is for a host that is not there, or for nobody', async () => {
    using rig = await Rig.open();
    const peer = rig.socket().resume();
    peer.write('QRPEER');
    await once(peer, 'close');
    const odd = await rig.port.ask(rig.address, Buffer.from('what?'), 10_000);
    assert.ok(odd instanceof Error);
    const long = rig.socket().resume();
    const header = frameOf(new Uint8Array(0));
    header.fill(0xff, 8);
    long.write(header);
    await once(long, 'close');
    const two = rig.socket().resume();
    two.write(Buffer.concat([frameOf(Buffer.from('who?')), Buffer.from('!')]));
    await once(two, 'close');
  });

  it('takes a question in single bytes', async () => {
    using rig = await Rig.open();
    const socket = rig.socket();
    await once(socket, 'connect');
    for (const byte of frameOf(Buffer.from('who?'))) {
      socket.write(Uint8Array.of(byte));
      await new Promise((fulfil) => setImmediate(fulfil));
    }
    assert.match(await answerOf(socket), /it is me$/);
  });

  it('gives up on who does not answer', async () => {
    using rig = await Rig.open();
    const silence = createTcpNetwork(silentLogger);
    const address = { host: '127.0.0.1', port: await freePort() };
    const listener = await new Promise<{ close(): void } | null>((fulfil) => {
      const deaf = { data: () => undefined, drained: () => undefined, closed: () => undefined };
      silence.listen(
        address,
        () => deaf,
        (_, opened) => fulfil(opened),
      );
    });
    const none = await rig.port.ask(address, Buffer.from('who?'), 50);
    assert.ok(none instanceof Error);
    assert.equal(none.message, 'no answer in 50 ms');
    listener?.close();
  });
});

describe('what a node tells of itself', () => {
  const hello: Hello = {
    id: 'a',
    address: 'a:1',
    all: ['a:1', 'b:1'],
    expect: 2,
    maxNodes: 2,
    performance: 1,
    phase: 'member',
    accepted: 'x',
    isLost: false,
    members: [{ node: 7, id: null, address: '' }],
  };

  it('is read as it was written', () => {
    assert.deepEqual(decodeHello(encodeHello(hello)), hello);
  });

  it('is nothing when any part of it is wrong', () => {
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { version: 2 },
      { id: '' },
      { id: 'x'.repeat(301) },
      { address: 7 },
      { all: 'a:1' },
      { all: ['a:1', 7] },
      { all: Array.from({ length: 100 }, () => 'a:1') },
      { expect: 0 },
      { maxNodes: 1.5 },
      { performance: '1' },
      { phase: 'other' },
      { accepted: 7 },
      { isLost: 'no' },
      { members: {} },
      { members: [7] },
      { members: [{ node: 0, id: null, address: '' }] },
      { members: [{ node: 1, id: '', address: '' }] },
      { members: Array.from({ length: 199 }, () => ({ node: 1, id: null, address: '' })) },
    ];
    for (const part of wrong) {
      const bytes = Buffer.from(JSON.stringify({ version: 1, ...hello, ...part }));
      assert.equal(decodeHello(bytes), null, JSON.stringify(part).slice(0, 60));
    }
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff), Buffer.from('[]')]) {
      assert.equal(decodeHello(bytes), null);
    }
  });
});
