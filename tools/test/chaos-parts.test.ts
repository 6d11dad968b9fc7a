import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Network } from '../chaos/cluster/network.ts';
import { drawSchedule, faultKinds } from '../chaos/faults/schedule.ts';
import { callsOf } from '../chaos/history/calls.ts';
import { ednLine } from '../chaos/history/edn.ts';
import { HistoryWriter, historyFileName } from '../chaos/history/history-writer.ts';
import { readHistory } from '../chaos/history/read-history.ts';
import { readOptions } from '../chaos/options.ts';
import { UsageError } from '../run/run-tool.ts';

describe('the schedule of a chaos run', () => {
  it('follows from the seed', () => {
    const draw = (seed: number) => drawSchedule(seed, 60_000, 500);
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it('has one fault of each lane at a time, all over before the end, and meets every kind', () => {
    const durationMs = 5 * 60_000;
    const schedule = drawSchedule(3, durationMs, 500);
    for (const lane of ['process', 'network'] as const) {
      const own = schedule.filter((fault) => fault.lane === lane);
      for (const [at, { atMs, forMs }] of own.entries()) {
        assert.ok(atMs + forMs < Math.min(own[at + 1]?.atMs ?? durationMs, durationMs - 2999));
      }
      assert.deepEqual(new Set(own.map(({ kind }) => kind)), new Set(faultKinds[lane]));
    }
  });
});

describe('a history', () => {
  it('is read back as it was written, a line for each event', (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-chaos-test-'));
    context.after(() => rmSync(directory, { recursive: true }));
    const writer = new HistoryWriter(directory);
    writer.add({ process: 1, type: 'invoke', f: 'read', key: 'r/1', value: null, node: 'n1' });
    writer.add({ process: 'nemesis', type: 'info', f: 'kill-all', key: null, value: ['n1'] });
    writer.add({ process: 1, type: 'ok', f: 'read', key: 'r/1', value: 3, revision: 9 });
    writer.close();
    assert.deepEqual(readHistory(join(directory, historyFileName)), writer.events);
    const edn = readFileSync(join(directory, 'history.edn'), 'utf8').trim().split('\n');
    assert.equal(edn.length, 3);
    const [call] = callsOf(writer.events);
    assert.deepEqual([call?.outcome, call?.output, call?.revision], ['ok', 3, 9]);
  });

  it('is EDN as Jepsen and Elle read it', () => {
    const txn = [
      ['append', 'a', 1],
      ['r', 'b', [2, 3]],
    ];
    const event = { process: 4, type: 'ok', f: 'txn', key: null, value: txn, time: 5 } as const;
    assert.equal(
      ednLine(event, 7),
      '{:index 7, :type :ok, :process 4, :f :txn, :key nil, ' +
        ':value [[:append "a" 1] [:r "b" [2 3]]], :time 5}',
    );
    const odd = { ...event, process: 'nemesis', f: 'x', value: { aB: 'q"\\ü' } } as const;
    assert.match(ednLine(odd, 0), /:process :nemesis.*:value \{:a-b "q\\"\\\\\\u00fc"\}/);
  });

  it('is refused when a process calls twice, or answers what it was not asked', () => {
    const call = { process: 1, type: 'invoke', f: 'read', key: 'k', value: null, time: 1 } as const;
    assert.throws(() => callsOf([call, call]), /calls twice/);
    assert.throws(() => callsOf([{ ...call, type: 'ok' }]), /answers no call/);
  });
});

describe('the command line of a chaos run', () => {
  for (const words of [[], ['--minutes', 'x'], ['--minutes', '1', '--nodes', '4']]) {
    it(`refuses ${JSON.stringify(words)}`, () => {
      assert.throws(() => readOptions(words), UsageError);
    });
  }
});

const handshake = (from: number, to: number): Buffer => {
  const bytes = Buffer.alloc(52);
  bytes.write('QRPEER\r\n', 'latin1');
  bytes.writeBigUInt64LE(BigInt(from), 24);
  bytes.writeBigUInt64LE(BigInt(to), 32);
  return bytes;
};

/** Sends everything back. */
async function echo(context: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function dial(context: TestContext, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  context.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function receive(socket: Socket, length: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  while (got.length < length) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    got = Buffer.concat([got, bytes]);
  }
  return got;
}

describe('the network of a chaos run', () => {
  it('passes bytes on, holds them while a link is cut, and then delivers them', async (context) => {
    const network = new Network();
    context.after(() => network.close());
    const port = await echo(context);
    const { peerPort } = await network.add('n1', { clientPort: port, peerPort: port });
    const second = await network.add('n2', { clientPort: port, peerPort: port });
    const socket = await dial(context, peerPort);
    socket.write(handshake(2, 1));
    assert.equal((await receive(socket, 52)).length, 52);
    // Who is called n2 is known once somebody has greeted it.
    network.set('n2', 'n1', { isCut: true });
    const other = await dial(context, second.peerPort);
    other.write(handshake(3, 2));
    await receive(other, 52);
    let isHere = false;
    socket.once('data', () => {
      isHere = true;
    });
    socket.write('held');
    other.write('not held');
    assert.equal((await receive(other, 8)).toString(), 'not held');
    assert.equal(isHere, false);
    network.heal();
    await receive(socket, 4).then((bytes) => assert.equal(bytes.toString(), 'held'));
  });

  it('resets connections', async (context) => {
    const network = new Network();
    context.after(() => network.close());
    const port = await echo(context);
    const { clientPort } = await network.add('n1', { clientPort: port, peerPort: port });
    const socket = await dial(context, clientPort);
    socket.write('x');
    await receive(socket, 1);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    network.reset('n1');
    await closed;
  });
});
