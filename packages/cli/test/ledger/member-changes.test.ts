import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Cluster, connect, connectLedger, type LedgerClient } from '@quorate/client';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { freePorts, runProgram, temporaryDirectory } from '../run-program.ts';

/** Servers of one ledger in this process. */
class Servers {
  readonly #context: TestContext;
  readonly #directory: string;
  readonly #base: number;
  /** Names of those that have ended because they were removed. */
  readonly removed: string[] = [];

  constructor(context: TestContext, directory: string, base: number) {
    this.#context = context;
    this.#directory = directory;
    this.#base = base;
  }

  url(at: number): string {
    return `http://127.0.0.1:${this.#base + at}`;
  }

  async start(at: number, members: readonly number[], isNew = true): Promise<LedgerServer> {
    const name = `n${at}`;
    const server = await startLedgerServer({
      name,
      dataDirectory: join(this.#directory, name),
      members: members.map((one) => ({ name: `n${one}`, peerUrls: [this.url(one)] })),
      clusterToken: 'mine',
      clusterState: isNew ? 'new' : 'existing',
      listenPeer: { host: '127.0.0.1', port: this.#base + at },
      listenClient: [{ host: '127.0.0.1', port: 0 }],
      advertiseClientUrls: [],
      tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 400, segmentBytes: 4 * 1024 * 1024 },
      log: { level: 'silent', format: 'json' },
      onRemoved: () => void this.removed.push(name),
    });
    this.#context.after(() => server.close({ abrupt: true }));
    return server;
  }
}

function endpointOf(server: LedgerServer): string {
  return `127.0.0.1:${server.clientAddresses[0]?.port}`;
}

function clientOf(context: TestContext, servers: readonly LedgerServer[]): LedgerClient {
  const client = connectLedger({ endpoints: servers.map(endpointOf), timeoutMs: 30_000 });
  context.after(() => client.close());
  return client;
}

function clusterOf(context: TestContext, server: LedgerServer): Cluster {
  const client = connect({ endpoints: [endpointOf(server)], timeoutMs: 30_000 });
  context.after(() => client.close());
  return client.cluster;
}

/** Until what depends on the others' noticing is so. */
async function insist<Value>(ask: () => Promise<Value>): Promise<Value> {
  for (let left = 100; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((fulfil) => setTimeout(fulfil, 100));
    }
  }
}

const account = { ledger: 1, code: 1 };
const transfer = { debitAccountId: 1n, creditAccountId: 2n, amount: 5n, ledger: 1, code: 1 };

describe('members of a ledger', () => {
  it('are added as learners and promoted, and one that is removed ends', async (context) => {
    const base = await freePorts([0, 1, 2, 3]);
    const nodes = new Servers(context, await temporaryDirectory(context), base);
    const founders = await Promise.all([0, 1, 2].map((at) => nodes.start(at, [0, 1, 2])));
    const client = clientOf(context, founders);
    await client.createAccounts([
      { id: 1n, ...account },
      { id: 2n, ...account },
    ]);
    await client.createTransfers([{ id: 10n, ...transfer }]);
    const { leader } = (founders[0] as LedgerServer).status();
    // Asked of a follower: the change is made where the leader is.
    const follower = founders.find((one) => one.status().memberId !== leader) as LedgerServer;
    const cluster = clusterOf(context, follower);

    await assert.rejects(cluster.add(['not a URL']), /member URLs are invalid/);
    await assert.rejects(cluster.add([nodes.url(0)], { isLearner: true }), /Peer URLs already/);
    const added = await insist(() => cluster.add([nodes.url(3)], { isLearner: true }));
    const id = added.member?.id ?? 0n;
    assert.equal(added.members.length, 4);
    // One that has never started has nothing that it could vote for.
    await assert.rejects(cluster.promote(id), /in sync with leader/);

    const fourth = await nodes.start(3, [3, 0, 1, 2], false);
    assert.equal(fourth.status().memberId, id);
    const own = clientOf(context, [fourth]);
    const shown = await insist(() => own.lookupAccounts([1n]));
    assert.equal(shown[0]?.debitsPosted, 5n);
    assert.equal(fourth.status().role, 'learner');
    await insist(() => cluster.promote(id));
    await assert.rejects(cluster.promote(id), /can only promote a learner/);

    const going = founders.find((one) => one.status().memberId === leader) as LedgerServer;
    const { members } = await insist(() => cluster.remove(leader));
    assert.equal(members.length, 3);
    await insist(async () => assert.deepEqual(nodes.removed, [going.status().name]));
    await assert.rejects(nodes.start(founders.indexOf(going), [0, 1, 2]), {
      code: 'SERVER_MEMBER_REMOVED',
    });
    await own.createTransfers([{ id: 11n, ...transfer }]);
    assert.equal((await own.lookupAccounts([2n]))[0]?.creditsPosted, 10n);
    const names = (await clusterOf(context, fourth).members()).map(({ name }) => name);
    assert.ok(names.includes('n3'), names.join(' '));
  });

  it('have a name of their own, which no other is added under', async (context) => {
    const base = await freePorts([0, 1]);
    const nodes = new Servers(context, await temporaryDirectory(context), base);
    const server = await nodes.start(0, [0]);
    const cluster = clusterOf(context, server);
    await cluster.members();
    const words = ['ledger', 'member', 'add', 'n0', '--peer-urls', nodes.url(1)];
    const environment = { QUORATE_LEDGER_ENDPOINTS: endpointOf(server) };
    const { exitCode, stdout, stderr } = await runProgram(words, { environment });
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /member [0-9a-f]{16} has the name "n0": give the new one another name/);
    assert.equal((await cluster.members()).length, 1);
  });
});
