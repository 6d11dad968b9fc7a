import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type QuorateServer, ServerError, type ServerOptions, startServer } from '@quorate/server';
import { type ClientMember, connect, type QuorateClient } from '../src/index.ts';
import { endpointOf, freePorts } from './support/real-cluster.ts';

/** Servers in this process that are added, removed and started again. */
class Cluster {
  readonly #directory: string;
  readonly #ports: readonly number[];
  readonly #servers = new Map<number, QuorateServer>();
  #client: QuorateClient | null = null;
  readonly removed: number[] = [];

  private constructor(directory: string, ports: readonly number[]) {
    this.#directory = directory;
    this.#ports = ports;
  }

  static async open(context: TestContext, founders: number): Promise<Cluster> {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-members-'));
    const cluster = new Cluster(directory, await freePorts(6));
    context.after(async () => {
      await cluster.#client?.close();
      await Promise.all([...cluster.#servers.values()].map((one) => one.close()));
      await rm(directory, { recursive: true, force: true });
    });
    const ids = Array.from({ length: founders }, (_, at) => at);
    await Promise.all(ids.map((at) => cluster.start(at, ids)));
    return cluster;
  }

  url(at: number): string {
    return `http://127.0.0.1:${this.port(at)}`;
  }

  port(at: number): number {
    return this.#ports[at] as number;
  }

  async start(
    at: number,
    members: readonly number[],
    given: Partial<ServerOptions> = {},
  ): Promise<QuorateServer> {
    const server = await startServer({
      name: `n${at}`,
      dataDirectory: join(this.#directory, `n${at}`),
      members: members.map((one) => ({ name: `n${one}`, peerUrls: [this.url(one)] })),
      clusterToken: 'mine',
      listenPeer: { host: '127.0.0.1', port: this.port(at) },
      listenClient: [{ host: '127.0.0.1', port: 0 }],
      advertiseClientUrls: [this.url(at)],
      tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 4 * 1024 * 1024 },
      log: { level: 'silent', format: 'json' },
      onRemoved: () => this.removed.push(at),
      ...given,
    });
    this.#servers.set(at, server);
    return server;
  }

  join(
    at: number,
    asked: readonly number[],
    given: Partial<ServerOptions> = {},
  ): Promise<QuorateServer> {
    const joining = { clusterState: 'existing', joinTimeoutMs: 30_000, ...given } as const;
    return this.start(at, [at, ...asked], joining);
  }

  async stop(at: number): Promise<void> {
    await this.#servers.get(at)?.close();
    this.#servers.delete(at);
  }

  /** Of all servers that run. */
  async client(): Promise<QuorateClient> {
    await this.#client?.close();
    const endpoints = [...this.#servers.values()].map(endpointOf);
    this.#client = connect({ endpoints, timeoutMs: 30_000 });
    return this.#client;
  }

  server(at: number): QuorateServer {
    return this.#servers.get(at) as QuorateServer;
  }

  /** Asks until the list is as it should be. */
  async listed(isGood: (members: readonly ClientMember[]) => boolean): Promise<void> {
    const client = await this.client();
    await until(async () => isGood(await client.cluster.members()));
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 1200; !(await isSo()); left--) {
    assert.ok(left > 0, 'it never became so');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function refusal(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, 'it is refused');
  return error.message;
}

async function joinRefusal(action: Promise<unknown>): Promise<string> {
  await assert.rejects(action, (error) => error instanceof ServerError);
  return refusal(action);
}

const allStarted = (count: number) => (members: readonly ClientMember[]) =>
  members.length === count && members.every(({ name }) => name !== '');

describe('members of a cluster', () => {
  it('are added, catch up and vote; are moved, and come back as who they were', async (context) => {
    const cluster = await Cluster.open(context, 1);
    await cluster.listed(allStarted(1));
    let client = await cluster.client();
    await client.put('before', 'x');
    assert.match(await joinRefusal(cluster.join(1, [0])), /no member of the cluster.*member add/);
    assert.match(await refusal(client.cluster.add(['nonsense'])), /member URLs are invalid/);
    assert.match(await refusal(client.cluster.add([cluster.url(0)])), /already exists/);

    const { member, members } = await client.cluster.add([cluster.url(1)]);
    assert.equal(members.length, 2);
    assert.equal(member?.isLearner, false);
    // Writes go on: it counts once it has caught up.
    await client.put('between', 'y');
    const tooEarly = await refusal(client.cluster.add([cluster.url(2)]));
    assert.match(tooEarly, /not enough started members/);
    assert.match(await joinRefusal(cluster.join(2, [0])), /added and not started yet/);
    const foreign = { clusterToken: 'other' };
    assert.match(await joinRefusal(cluster.join(1, [0], foreign)), /token is 'mine'/);

    await cluster.join(1, [0]);
    await cluster.listed(allStarted(2));
    const own = connect({ endpoints: [endpointOf(cluster.server(1))], timeoutMs: 30_000 });
    assert.equal((await own.get('before')).keyValues.length, 1);
    await own.close();
    await until(() => cluster.server(1).status().role === 'follower');

    // Whatever else it is told: its directory knows.
    await cluster.stop(1);
    await cluster.start(1, [1], { clusterToken: 'nonsense' });
    client = await cluster.client();
    await client.put('again', 'z');

    // Moved: where the others reach it now is what the log says, not what it says itself.
    const { id } = member as ClientMember;
    assert.match(await refusal(client.cluster.update(id, [cluster.url(0)])), /already exists/);
    await client.cluster.update(id, [cluster.url(3)]);
    await cluster.stop(1);
    await cluster.start(1, [1], { listenPeer: { host: '127.0.0.1', port: cluster.port(3) } });
    client = await cluster.client();
    await client.put('moved', 'z');
    const urls = (await client.cluster.members()).map(({ peerUrls }) => peerUrls);
    assert.deepEqual(urls.flat().sort(), [cluster.url(0), cluster.url(3)].sort());
  });

  it('are learners until they are promoted, by hand or by themselves', async (context) => {
    const cluster = await Cluster.open(context, 1);
    await cluster.listed(allStarted(1));
    const client = await cluster.client();
    for (let at = 0; at < 20; at++) await client.put(`key${at}`, 'x');
    const { member } = await client.cluster.add([cluster.url(1)], { isLearner: true });
    const { id } = member as ClientMember;
    assert.match(await refusal(client.cluster.promote(id)), /in sync with leader/);
    const second = client.cluster.add([cluster.url(2)], { isLearner: true });
    assert.match(await refusal(second), /too many learner members/);
    await cluster.join(1, [0]);
    await until(() => cluster.server(1).status().role === 'learner');
    const own = connect({ endpoints: [endpointOf(cluster.server(1))], timeoutMs: 2000 });
    assert.match(await refusal(own.put('a', 'b')), /not supported for learner/);
    await own.close();
    await until(() =>
      client.cluster.promote(id).then(
        () => true,
        () => false,
      ),
    );
    await until(() => cluster.server(1).status().role === 'follower');
    assert.match(await refusal(client.cluster.promote(id)), /can only promote a learner/);
    assert.match(await refusal(client.cluster.promote(4n)), /member not found/);

    // A leader that is told to gives them their votes by itself.
    await cluster.stop(0);
    await cluster.stop(1);
    await cluster.start(0, [0], { autoPromoteLearners: true });
    await cluster.start(1, [1], { autoPromoteLearners: true });
    const again = await cluster.client();
    await again.cluster.add([cluster.url(2)], { isLearner: true });
    await cluster.join(2, [0, 1]);
    await until(() => cluster.server(2).status().role === 'follower');
  });

  it('end when they are removed, also the leader, and do not start again', async (context) => {
    const cluster = await Cluster.open(context, 3);
    await cluster.listed(allStarted(3));
    await until(() => cluster.server(0).status().leader !== 0n);
    const { leader: leaderId } = cluster.server(0).status();
    const leader = [0, 1, 2].find((at) => cluster.server(at).status().memberId === leaderId) ?? 0;
    const rest = [0, 1, 2].filter((at) => at !== leader);
    const client = await cluster.client();
    assert.match(await refusal(client.cluster.remove(77n)), /member not found/);
    await client.cluster.remove(leaderId);
    await until(() => cluster.removed.includes(leader));
    await assert.rejects(cluster.start(leader, [0, 1, 2]), { code: 'SERVER_MEMBER_REMOVED' });
    await cluster.stop(leader);

    // Down while it is removed: it is told when it is back.
    await (await cluster.client()).put('after', 'x');
    const [away = 0, last = 0] = rest;
    const { memberId: awayId } = cluster.server(away).status();
    await cluster.stop(away);
    await cluster.start(away, [0, 1, 2]);
    await (await cluster.client()).put('later', 'x');
    const { memberId: lastId } = cluster.server(last).status();
    const two = await cluster.client();
    await two.cluster.remove(awayId);
    await until(() => cluster.removed.includes(away));
    await cluster.stop(away);
    const one = await cluster.client();
    assert.match(await refusal(one.cluster.remove(lastId)), /not enough started members/);
    await one.put('alone', 'x');
  });

  it('with lost data are not taken for who they were', async (context) => {
    const cluster = await Cluster.open(context, 3);
    await cluster.listed(allStarted(3));
    await (await cluster.client()).put('a', 'b');
    await cluster.stop(2);
    const blank = { dataDirectory: await mkdtemp(join(tmpdir(), 'quorate-blank-')) };
    context.after(() => rm(blank.dataDirectory, { recursive: true, force: true }));
    assert.match(await joinRefusal(cluster.join(2, [0, 1], blank)), /has run before/);
    const lonely = cluster.join(3, [4], { joinTimeoutMs: 1 });
    assert.match(await joinRefusal(lonely), /none of the members listed answers/);
    assert.match(await joinRefusal(cluster.join(3, [])), /name no member to ask/);
  });
});
