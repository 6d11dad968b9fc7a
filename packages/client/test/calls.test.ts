import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type CallOutcome,
  ClientError,
  type ClientOptions,
  compare,
  connect,
  keysFrom,
  keysWithPrefix,
  operation,
  type QuorateClient,
} from '@quorate/client';
import { decodeMessage, etcd } from '@quorate/schema';
import { answered, FakeCluster, outcomeOf, type Script } from './support/fake-cluster.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

interface World {
  readonly time: VirtualTime;
  readonly client: QuorateClient;
  /** `address path token`, the path without its package. */
  readonly calls: string[];
}

function start(script: Script, options: Partial<ClientOptions> = {}): World {
  const time = new VirtualTime();
  const cluster = new FakeCluster();
  const calls: string[] = [];
  cluster.script = (call) => {
    const { address, path, token } = call;
    calls.push(`${address} ${path.slice(path.indexOf('.') + 1)} ${token}`.trim());
    return script(call);
  };
  const { clock, timers } = time;
  const ports = { transport: cluster, clock, timers, random: () => 0.5 };
  const client = connect({ endpoints: ['a:1', 'b:1'], ports, ...options });
  return { time, client, calls };
}

/** Answers one after another; the last again and again. */
function inOrder(...outcomes: readonly CallOutcome[]): Script {
  let at = 0;
  return () => outcomes[Math.min(at++, outcomes.length - 1)] ?? null;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => assert.fail('it must fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error.code;
}

const put = answered(etcd.PutResponse, { header: { revision: 7, raftTerm: 1 } });
const noLeader = outcomeOf(14, 'etcdserver: no leader');
const timedOut = outcomeOf(14, 'etcdserver: request timed out');
const badToken = outcomeOf(16, 'etcdserver: invalid auth token');

describe('a write', () => {
  it('is sent again when servers say that they took nothing in', async () => {
    const overloaded = outcomeOf(8, 'etcdserver: too many requests');
    const { client, time, calls } = start(inOrder(noLeader, overloaded, noLeader, put));
    const written = client.put('k', 'v');
    await time.advance(1000);
    assert.equal((await written).revision, 7);
    assert.deepEqual(calls, ['a:1 KV/Put', 'b:1 KV/Put', 'a:1 KV/Put', 'b:1 KV/Put']);
  });

  it('is never sent again when it may have happened', async () => {
    for (const code of [1, 2, 4, 13, 14]) {
      const { client, calls } = start(inOrder(outcomeOf(code, 'lost'), put));
      assert.equal(await codeOf(client.put('k', 'v')), 'CLIENT_OUTCOME_UNKNOWN');
      assert.equal(calls.length, 1);
    }
  });

  it('that got no answer in time says so in plain words', async () => {
    const { client } = start(inOrder(outcomeOf(4, 'no answer in time')));
    await assert.rejects(
      client.put('k', 'v'),
      /whether the write happened is not known: a:1 gave no answer in time; read before/,
    );
  });

  it('ends with the refusal when its time is over', async () => {
    const { client, time } = start(inOrder(noLeader), { timeoutMs: 500 });
    const code = codeOf(client.put('k', 'v'));
    await time.advance(500);
    assert.equal(await code, 'CLIENT_REFUSED');
  });

  it('that waits ends when the client is closed', async () => {
    const { client } = start(inOrder(noLeader));
    const code = codeOf(client.put('k', 'v'));
    await settle();
    await client.close();
    assert.equal(await code, 'CLIENT_CLOSED');
    assert.equal(await codeOf(client.put('k', 'v')), 'CLIENT_CLOSED');
  });
});

describe('a transaction', () => {
  const empty = answered(etcd.TxnResponse, { succeeded: true, header: { revision: 4 } });

  it('that only reads, or is idempotent, is sent again', async () => {
    for (const make of [
      (client: QuorateClient) => client.txn().do(operation.get('k')),
      (client: QuorateClient) => client.txn().do(operation.put('k', 'v')).idempotent(),
    ]) {
      const { client } = start(inOrder(timedOut, empty));
      assert.equal((await make(client).commit()).revision, 4);
    }
    const { client } = start(inOrder(timedOut, empty));
    const writing = client.txn().otherwise(operation.txn({ do: [operation.put('k', 'v')] }));
    assert.equal(await codeOf(writing.commit()), 'CLIENT_OUTCOME_UNKNOWN');
  });

  it('says what was asked', async () => {
    let request: etcd.TxnRequest | null = null;
    const { client } = start(({ request: bytes }) => {
      request = decodeMessage(etcd.TxnRequest, bytes);
      return empty;
    });
    await client
      .txn()
      .when(
        compare.version('k', '>', 2),
        compare.value(keysWithPrefix('p'), '!=', 'x'),
        compare.lease('k', '<', 9n),
        compare.modRevision('k', '=', 5),
        compare.exists('k'),
        compare.missing('k'),
      )
      .do(operation.put('k', 'v', { lease: 3n, prevKv: true }))
      .otherwise(operation.delete('d', { prefix: true }), operation.get(keysFrom('')))
      .commit();
    const { compare: when, success, failure } = request ?? assert.fail();
    const said = (when as etcd.Compare[]).map(({ target, result, version, createRevision }) => [
      target,
      result,
      version ?? createRevision,
    ]);
    assert.deepEqual(said, [
      [0, 1, 2],
      [3, 3, null],
      [4, 2, null],
      [2, 0, null],
      [1, 1, 0],
      [1, 0, 0],
    ]);
    const [first] = success as etcd.RequestOp[];
    assert.deepEqual([first?.requestPut?.lease, first?.requestPut?.prevKv], [3n, true]);
    const [deletion, all] = failure as etcd.RequestOp[];
    assert.deepEqual([...(deletion?.requestDeleteRange?.rangeEnd ?? [])], [0x65]);
    assert.deepEqual([...(all?.requestRange?.key ?? [])], [0]);
  });
});

describe('a range', () => {
  it('is read in pages of one revision', async () => {
    const asked: (etcd.RangeRequest | null)[] = [];
    const { client } = start(({ request }) => {
      asked.push(decodeMessage(etcd.RangeRequest, request));
      const key = new TextEncoder().encode(`p${asked.length}`);
      const more = asked.length < 3;
      const header = { revision: 10 + asked.length };
      return answered(etcd.RangeResponse, { header, kvs: [{ key }], more });
    });
    const keys: string[] = [];
    for await (const { key } of client.scan('p', { prefix: true, pageSize: 1 })) {
      keys.push(new TextDecoder().decode(key));
    }
    assert.deepEqual(keys, ['p1', 'p2', 'p3']);
    const said = asked.map((one) => [one?.revision, one?.limit, one?.key.length]);
    assert.deepEqual(said, [
      [0, 1, 1],
      [11, 1, 3],
      [11, 1, 3],
    ]);
  });

  it('of a prefix ends after the last key that begins so', () => {
    const endOf = (...prefix: number[]): Uint8Array | string =>
      keysWithPrefix(Uint8Array.from(prefix)).rangeEnd;
    assert.deepEqual(endOf(1, 2), Uint8Array.of(1, 3));
    assert.deepEqual(endOf(1, 255, 255), Uint8Array.of(2));
    assert.deepEqual(endOf(255), Uint8Array.of(0));
    assert.deepEqual(endOf(), Uint8Array.of(0));
  });

  it('is compacted once, even when that is asked for again', async () => {
    const compacted = outcomeOf(11, 'etcdserver: mvcc: required revision has been compacted');
    const { client } = start(inOrder(timedOut, compacted));
    await client.compact(5);
    const { client: other } = start(
      inOrder(outcomeOf(11, 'etcdserver: mvcc: required revision is a future revision')),
    );
    assert.equal(await codeOf(other.compact(5)), 'CLIENT_REFUSED');
  });
});

describe('a user', () => {
  const credentials = { user: 'u', password: 'p' };

  it('is authenticated once, and again when its token is refused', async () => {
    let tokens = 0;
    const { client, calls } = start(
      ({ path, token }) => {
        if (path.endsWith('Authenticate')) {
          tokens += 1;
          return answered(etcd.AuthenticateResponse, { token: `t${tokens}` });
        }
        return token === 't1' && tokens === 1 && calls.length > 2 ? badToken : put;
      },
      { credentials },
    );
    await client.put('k', 'v');
    await Promise.all([client.put('k', 'v'), client.put('k', 'v')]);
    assert.equal(tokens, 2, 'one new token for all');
    assert.deepEqual(calls.slice(0, 2), ['a:1 Auth/Authenticate', 'a:1 KV/Put t1']);
    assert.equal(calls.at(-1), 'a:1 KV/Put t2');
  });

  it('is refused when another token does not help, or the password is wrong', async () => {
    const { client } = start(
      ({ path }) =>
        path.endsWith('Authenticate')
          ? answered(etcd.AuthenticateResponse, { token: 't' })
          : badToken,
      { credentials },
    );
    assert.equal(await codeOf(client.put('k', 'v')), 'CLIENT_REFUSED');
    const reason = 'etcdserver: authentication failed, invalid user ID or password';
    const { client: wrong } = start(inOrder(outcomeOf(3, reason)), { credentials });
    assert.equal(await codeOf(wrong.put('k', 'v')), 'CLIENT_REFUSED');
  });

  it('goes on without a token where there are no users, until there are some', async () => {
    let isEnabled = false;
    const { client } = start(
      ({ path, token }) => {
        if (path.endsWith('Authenticate')) {
          return isEnabled
            ? answered(etcd.AuthenticateResponse, { token: 't' })
            : outcomeOf(9, 'etcdserver: authentication is not enabled');
        }
        return isEnabled && token === '' ? outcomeOf(3, 'etcdserver: user name is empty') : put;
      },
      { credentials },
    );
    await client.put('k', 'v');
    isEnabled = true;
    await client.put('k', 'v');
  });
});

describe('a client that follows the leader', () => {
  it('asks it first, and looks for the next one when the term has changed', async () => {
    let leader = 'b:1';
    let raftTerm = 1;
    const { client, calls } = start(
      ({ address, path }) => {
        const header = { revision: 1, raftTerm, memberId: address === 'a:1' ? 1n : 2n };
        if (!path.endsWith('Status')) return answered(etcd.PutResponse, { header });
        const status = { header, raftTerm, leader: leader === 'a:1' ? 1n : 2n };
        return answered(etcd.StatusResponse, status);
      },
      { followLeader: true },
    );
    const puts = (): string[] => calls.filter((call) => call.includes('Put'));
    await client.put('k', 'v');
    await settle();
    await client.put('k', 'v');
    await client.put('k', 'v');
    assert.deepEqual(puts(), ['a:1 KV/Put', 'b:1 KV/Put', 'b:1 KV/Put']);
    assert.equal(calls.length, 5, 'each endpoint was asked once');
    [leader, raftTerm] = ['a:1', 2];
    await client.put('k', 'v');
    await settle();
    await client.put('k', 'v');
    assert.equal(puts().at(-1), 'a:1 KV/Put');
  });
});

describe('a read', () => {
  it('whose time is over was not refused', async () => {
    const answers: readonly (readonly [CallOutcome, RegExp])[] = [
      [outcomeOf(4, 'no answer in time'), /^b:1 timed out: no answer in time$/],
      [timedOut, /^b:1 timed out: etcdserver: request timed out$/],
      [noLeader, /^b:1 refused: etcdserver: no leader$/],
    ];
    for (const [outcome, message] of answers) {
      const { client, time } = start(inOrder(outcome), { timeoutMs: 500 });
      const read = client.get('k').then(
        () => assert.fail('it must fail'),
        (error: Error) => error.message,
      );
      await time.advance(500);
      assert.match(await read, message);
    }
  });
});
