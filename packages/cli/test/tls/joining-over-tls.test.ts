import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { connect } from '@quorate/client';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import { freePorts, temporaryDirectory } from '../run-program.ts';
import { MadeCertificates } from './made-certificates.ts';

/** Nodes whose peers need certificates of one authority. */
class SecureNodes {
  readonly #context: TestContext;
  readonly #made: MadeCertificates;
  readonly #directory: string;
  readonly #base: number;

  constructor(context: TestContext, made: MadeCertificates, directory: string, base: number) {
    this.#context = context;
    this.#made = made;
    this.#directory = directory;
    this.#base = base;
  }

  url(at: number): string {
    return `https://127.0.0.1:${this.#base + at}`;
  }

  async start(
    at: number,
    members: readonly number[],
    given: Partial<ServerOptions> = {},
    isSecure = true,
  ): Promise<QuorateServer> {
    const server = await startServer({
      name: `n${at}`,
      dataDirectory: join(this.#directory, `n${at}`),
      members: members.map((one) => ({ name: `n${one}`, peerUrls: [this.url(one)] })),
      clusterToken: 'mine',
      listenPeer: { host: '127.0.0.1', port: this.#base + at },
      listenClient: [{ host: '127.0.0.1', port: 0 }],
      ...(isSecure ? { peerTls: await this.#made.leaf(`n${at}`) } : {}),
      advertiseClientUrls: ['http://127.0.0.1:1'],
      tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 400, segmentBytes: 4 * 1024 * 1024 },
      log: { level: 'silent', format: 'json' },
      ...given,
    });
    this.#context.after(() => server.close({ abrupt: true }));
    return server;
  }
}

it('a node joins a cluster whose peers speak TLS, and no other does', async (context) => {
  const made = await MadeCertificates.make(context);
  const directory = await temporaryDirectory(context);
  const nodes = new SecureNodes(context, made, directory, await freePorts([0, 1, 2]));
  const founder = await nodes.start(0, [0]);
  const [address] = founder.clientAddresses;
  const client = connect({ endpoints: [`127.0.0.1:${address?.port}`], timeoutMs: 30_000 });
  context.after(() => client.close());
  await client.put('before', 'x');
  // Only who has said its name counts as started, and two members need one that has.
  while ((await client.members())[0]?.name === '') await client.put('turn', 'y');
  const { members } = await client.cluster.add([nodes.url(1)]);
  const urls = members.flatMap(({ peerUrls }) => peerUrls);
  assert.deepEqual(urls.sort(), [nodes.url(0), nodes.url(1)].sort());

  const joining = { clusterState: 'existing', joinTimeoutMs: 30_000 } as const;
  const foreign = await made.leaf('stranger', {}, made.other);
  const hasty = { ...joining, joinTimeoutMs: 1 };
  await assert.rejects(nodes.start(1, [1, 0], { ...hasty, peerTls: foreign }), {
    code: 'SERVER_JOIN_REFUSED',
    message: /none of the members listed answers/,
  });
  await assert.rejects(nodes.start(1, [1, 0], hasty, false), { code: 'SERVER_JOIN_REFUSED' });

  const joined = await nodes.start(1, [1, 0], joining);
  while (joined.status().role !== 'follower') await client.put('turn', 'y');
  const [own] = joined.clientAddresses;
  const ofJoined = connect({ endpoints: [`127.0.0.1:${own?.port}`], timeoutMs: 30_000 });
  context.after(() => ofJoined.close());
  assert.equal((await ofJoined.get('before')).keyValues.length, 1);
});
