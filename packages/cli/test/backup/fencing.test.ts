import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keysFrom } from '@quorate/client';
import { restoreSnapshot } from '@quorate/server';
import { saveSnapshot } from '../../src/commands/snapshot.ts';
import { freePorts, temporaryDirectory } from '../run-program.ts';
import { recorded, type Served, served } from './served.ts';

const tuning = { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 2 ** 20 };

/** Three members, and a file that was saved before the last write. */
class Cluster {
  readonly members: readonly { readonly name: string; readonly peerUrls: string[] }[];
  readonly #context: TestContext;
  readonly #directory: string;
  readonly #port: number;

  constructor(context: TestContext, directory: string, port: number) {
    this.#context = context;
    this.#directory = directory;
    this.#port = port;
    this.members = ['n1', 'n2', 'n3'].map((name, at) => {
      return { name, peerUrls: [`http://127.0.0.1:${port + at}`] };
    });
  }

  get file(): string {
    return join(this.#directory, 'saved.db');
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  start(at: number, directory: string, members = this.members): Promise<Served> {
    return served(this.#context, this.#directory, {
      name: `n${at + 1}`,
      dataDirectory: this.path(directory),
      members,
      listenPeer: { host: '127.0.0.1', port: this.#port + at },
      tuning,
    });
  }
}

/** Three members ran, the file was saved, and one more key was put; all have ended. */
async function ended(context: TestContext) {
  const directory = await temporaryDirectory(context);
  const cluster = new Cluster(context, directory, await freePorts([0, 1, 2]));
  const nodes = await Promise.all([0, 1, 2].map((at) => cluster.start(at, `old${at}`)));
  const [first] = nodes;
  assert.ok(first !== undefined);
  await first.client.put('saved', '1');
  const flags = { endpoints: first.endpoint, timeoutMs: undefined, isForced: false };
  await saveSnapshot(cluster.file, flags, recorded());
  await first.client.put('lost', '1');
  const { clusterId } = first.server.status();
  for (const { server, client } of nodes) {
    await client.close();
    await server.close();
  }
  return { cluster, fence: clusterId.toString(16).padStart(16, '0') };
}

async function keys({ client }: Served): Promise<readonly string[]> {
  const { keyValues } = await client.get(keysFrom(''));
  return keyValues.map(({ key }) => new TextDecoder().decode(key));
}

test('old nodes that come back do not reach a standby of their name', async (context) => {
  const { cluster, fence } = await ended(context);
  const own = cluster.members.slice(0, 1);
  const restoring = { file: cluster.file, name: 'n1', members: own, clusterToken: 'test' };
  await restoreSnapshot({ ...restoring, dataDirectory: cluster.path('standby'), fence });
  const standby = await cluster.start(0, 'standby', own);
  await standby.client.put('standby', '1');
  const { term } = standby.server.status();
  const old = await Promise.all([1, 2].map((at) => cluster.start(at, `old${at}`)));
  // They are a majority of what was, and go on as such: only they can say so.
  for (const node of old) {
    await node.client.put('old', '1');
    assert.deepEqual(await keys(node), ['lost', 'old', 'saved']);
  }
  assert.deepEqual(await keys(standby), ['saved', 'standby']);
  const status = standby.server.status();
  assert.deepEqual([status.role, status.term], ['leader', term]);
  assert.ok(old.every(({ server }) => server.status().term < 1000));
});

test('members that began empty do not come together with a restored one', async (context) => {
  const { cluster } = await ended(context);
  const { file, members } = cluster;
  const restoring = { file, name: 'n1', members, clusterToken: 'test' };
  await restoreSnapshot({ ...restoring, dataDirectory: cluster.path('restored') });
  const restored = await cluster.start(0, 'restored');
  const empty = await Promise.all([1, 2].map((at) => cluster.start(at, `empty${at}`)));
  for (const node of empty) {
    await node.client.put('empty', '1');
    assert.deepEqual(await keys(node), ['empty']);
  }
  assert.equal(restored.server.status().leader, 0n);
  const { keyValues } = await restored.client.get('saved', { serializable: true });
  assert.equal(keyValues.length, 1);
});
