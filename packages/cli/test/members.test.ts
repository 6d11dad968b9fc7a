import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect, type QuorateClient } from '@quorate/client';
import { type QuorateServer, startServer } from '@quorate/server';
import { freePorts, runProgram, temporaryDirectory } from './run-program.ts';
import { ServedProcess } from './served-process.ts';

const tuning = { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 4 * 1024 * 1024 };

/** Three founders within this process: what is run as a process is what is told of here. */
class Founders {
  readonly #servers: QuorateServer[];
  readonly peerUrls: readonly string[];

  private constructor(servers: QuorateServer[], peerUrls: readonly string[]) {
    this.#servers = servers;
    this.peerUrls = peerUrls;
  }

  static async open(context: TestContext, directory: string, base: number): Promise<Founders> {
    const ports = [0, 1, 2].map((at) => base + at);
    const peerUrls = ports.map((port) => `http://127.0.0.1:${port}`);
    const members = peerUrls.map((url, at) => ({ name: `n${at + 1}`, peerUrls: [url] }));
    const starting = ports.map((port, at) =>
      startServer({
        name: `n${at + 1}`,
        dataDirectory: join(directory, `n${at + 1}`),
        members,
        clusterToken: 'mine',
        listenPeer: { host: '127.0.0.1', port },
        listenClient: [{ host: '127.0.0.1', port: 0 }],
        advertiseClientUrls: [`http://127.0.0.1:${port}`],
        tuning,
        log: { level: 'silent', format: 'json' },
      }),
    );
    const servers = await Promise.all(starting);
    context.after(() => Promise.all(servers.map((server) => server.close({ abrupt: true }))));
    return new Founders(servers, peerUrls);
  }

  endpoint(at: number): string {
    return `127.0.0.1:${this.#servers[at]?.clientAddresses[0]?.port}`;
  }

  /** For good. */
  async dies(at: number): Promise<void> {
    await this.#servers[at]?.close({ abrupt: true });
  }
}

function clientOf(context: TestContext, endpoints: readonly string[]): QuorateClient {
  const client = connect({ endpoints, timeoutMs: 60_000 });
  context.after(() => client.close());
  return client;
}

/** As a person does who waits until the others have noticed what has happened. */
async function insist(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<string> {
  for (let left = 20; ; left--) {
    const { exitCode, stdout, stderr } = await runProgram(words, { environment });
    if (exitCode === 0) return stdout;
    assert.ok(left > 0, `${words.join(' ')}: ${stderr}`);
  }
}

describe('members of a cluster, with the program', () => {
  it('are replaced: one dies for good, another takes its place and its vote', async (context) => {
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1, 2, 3, 4]);
    const founders = await Founders.open(context, directory, base);
    const endpoints = [founders.endpoint(0), founders.endpoint(1)];
    const client = clientOf(context, endpoints);
    await client.put('before', 'x');
    while ((await client.cluster.members()).some(({ name }) => name === ''));
    await founders.dies(2);

    const environment = { QUORATE_ENDPOINTS: endpoints.join(',') };
    await insist(environment, 'member', 'remove', 'n3');
    const peerUrl = `http://127.0.0.1:${base + 3}`;
    const add = ['member', 'add', 'n4', '--peer-urls', peerUrl, '--json'];
    const { settings } = JSON.parse(await insist(environment, ...add));
    const fourthEndpoint = `127.0.0.1:${base + 4}`;
    const fourth = new ServedProcess(context, directory, [
      ...['serve', '--data-dir', join(directory, 'n4'), '--listen-peer-urls', peerUrl],
      ...['--listen-client-urls', `http://${fourthEndpoint}`],
      ...['--heartbeat-interval', '50', '--election-timeout', '500'],
      ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ]);
    await fourth.says(/^ready/);
    const ofFourth = clientOf(context, [fourthEndpoint]);
    assert.equal((await ofFourth.get('before')).keyValues.length, 1);

    // It votes once it has caught up.
    await fourth.says('"role":"follower"');
    // Two of the three that are members now: only with the new one's vote is there a majority.
    await founders.dies(1);
    const rest = clientOf(context, [founders.endpoint(0), fourthEndpoint]);
    await rest.put('after', 'y');
    const names = (await rest.cluster.members()).map(({ name }) => name);
    assert.deepEqual(names.sort(), ['n1', 'n2', 'n4']);
  });

  it('have a name of their own; of two with one name, none is removed by it', async (context) => {
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1]);
    const [first, second] = [0, 1].map((at) => `http://127.0.0.1:${base + at}`) as [string, string];
    const start = async (at: 0 | 1, peerUrl: string): Promise<QuorateServer> => {
      const founder = { name: at === 0 ? 'n1' : 'founder', peerUrls: [first] };
      const joining = { name: 'n1', peerUrls: [second] };
      const server = await startServer({
        name: 'n1',
        dataDirectory: join(directory, `${at}`),
        members: at === 0 ? [founder] : [joining, founder],
        clusterToken: 'mine',
        clusterState: at === 0 ? 'new' : 'existing',
        listenPeer: { host: '127.0.0.1', port: Number(new URL(peerUrl).port) },
        listenClient: [{ host: '127.0.0.1', port: 0 }],
        advertiseClientUrls: ['http://127.0.0.1:2379'],
        tuning,
        log: { level: 'silent', format: 'json' },
      });
      context.after(() => server.close({ abrupt: true }));
      return server;
    };
    const founder = await start(0, first);
    const endpoint = `127.0.0.1:${founder.clientAddresses[0]?.port}`;
    const { cluster } = clientOf(context, [endpoint]);
    while ((await cluster.members()).some(({ name }) => name === ''));
    const environment = { QUORATE_ENDPOINTS: endpoint };

    const add = ['member', 'add', 'n1', '--peer-urls', second];
    const refused = await runProgram(add, { environment });
    assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
    assert.match(
      refused.stderr,
      /has the name "n1": give the new one another name, or first remove/,
    );
    assert.equal((await cluster.members()).length, 1);

    // The names are what nodes call themselves, so nobody else can keep them apart.
    await cluster.add([second], { isLearner: true });
    await start(1, second);
    while ((await cluster.members()).some(({ name }) => name === ''));
    const removal = await runProgram(['member', 'remove', 'n1'], { environment });
    assert.deepEqual([removal.exitCode, removal.stdout], [2, '']);
    const members = await cluster.members();
    assert.equal(members.length, 2);
    for (const { id } of members) {
      assert.ok(removal.stderr.includes(BigInt.asUintN(64, id).toString(16)), removal.stderr);
    }
  });
});
