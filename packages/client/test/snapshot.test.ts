import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type ClientTransport, connect, type StreamListener } from '@quorate/client';
import { encodeMessage, etcd } from '@quorate/schema';

const path = '/etcdserverpb.Maintenance/Snapshot';
const database = new Uint8Array(5000).fill(7);
const hash = new Uint8Array(createHash('sha256').update(database).digest());

function pieces(blobs: readonly Uint8Array[]): Uint8Array[] {
  const total = blobs.reduce((sum, { length }) => sum + length, 0);
  let sent = 0;
  return blobs.map((blob) => {
    sent += blob.length;
    const header = { revision: 9, clusterId: 1n, memberId: 2n, raftTerm: 1 };
    const message = { header, remainingBytes: total - sent, blob, version: '3.5.0' };
    return encodeMessage(etcd.SnapshotResponse, message);
  });
}

type Server = (listener: StreamListener) => void;

/** What answers at each address; no one: it cannot be reached. */
function transport(servers: Readonly<Record<string, Server>>): ClientTransport {
  return {
    endpoint: (address) => ({
      address,
      close: () => undefined,
      connect: async () => {
        const server = servers[address];
        if (server === undefined) return null;
        return {
          call: () => assert.fail('nothing is called'),
          stream: (asked, _, listener) => {
            assert.equal(asked, path);
            return { send: () => setImmediate(() => server(listener)), cancel: () => undefined };
          },
        };
      },
    }),
  };
}

const sending =
  (blobs: readonly Uint8Array[], code = 0): Server =>
  (listener) => {
    for (const piece of pieces(blobs)) listener.message(piece);
    listener.ended(code, 'the end');
  };

async function taken(servers: Readonly<Record<string, Server>>, fails = false) {
  const endpoints = ['one:1', 'two:1', 'three:1'];
  const client = connect({ endpoints, ports: { transport: transport(servers) } });
  const received: Uint8Array[] = [];
  const remaining: number[] = [];
  const summary = await client.snapshot((piece, left) => {
    if (fails) throw new Error('the disk is full');
    received.push(piece);
    remaining.push(left);
  });
  return { summary, file: Buffer.concat(received), remaining };
}

const head = database.subarray(0, 4990);
const tail = database.subarray(4990);

test('a snapshot comes from the first server that sends one, hash included', async () => {
  for (const blobs of [
    [database, hash],
    [head, Buffer.concat([tail, hash])],
    [head, tail, hash.subarray(0, 3), hash.subarray(3)],
  ]) {
    const silent: Server = (listener) => listener.ended(14, 'not now');
    const { summary, file, remaining } = await taken({
      'two:1': silent,
      'three:1': sending(blobs),
    });
    assert.deepEqual(summary, {
      endpoint: 'three:1',
      bytes: 5032,
      sha256: Buffer.from(hash).toString('hex'),
      revision: 9,
      version: '3.5.0',
    });
    assert.ok(file.equals(Buffer.concat([database, hash])));
    assert.equal(remaining.at(-1), 0);
  }
});

test('one that breaks off, or has another hash, is no snapshot', async () => {
  for (const server of [
    sending([head], 14),
    sending([head, hash]),
    sending([database]),
    sending([hash.subarray(0, 5)]),
  ]) {
    const outcome = taken({ 'one:1': server, 'two:1': sending([database, hash]) });
    await assert.rejects(outcome, { code: 'CLIENT_SNAPSHOT_INCOMPLETE' });
  }
});

test('a receiver that fails, a refusal and nobody there end it', async () => {
  const good = { 'one:1': sending([database, hash]) };
  await assert.rejects(taken(good, true), /the disk is full/);
  const refused: Server = (listener) => listener.ended(7, 'etcdserver: permission denied');
  await assert.rejects(taken({ ...good, 'one:1': refused }), { code: 'CLIENT_REFUSED' });
  await assert.rejects(taken({}), { code: 'CLIENT_UNREACHABLE' });
});
