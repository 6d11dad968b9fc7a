import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientError, type QuorateClient } from '@quorate/client';
import { startTestCluster, type TestCluster } from '../src/index.ts';
import type { ClusterNode } from '../src/test-node.ts';

const workers = 8;

/** Puts one key after the other, until it is told to stop. */
class Load {
  readonly written: string[] = [];
  /** Answers after which only the writer knows that it may write again. */
  unknown = 0;
  longestPauseMs = 0;
  #isOver = false;
  #lastMs = performance.now();
  readonly #running: Promise<void>[];

  constructor(client: QuorateClient) {
    this.#running = Array.from({ length: workers }, (_, at) => this.#work(client, at));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #work(client: QuorateClient, worker: number): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const key = `load/${worker}/${String(count).padStart(6, '0')}`;
      await this.#put(client, key);
      const nowMs = performance.now();
      this.longestPauseMs = Math.max(this.longestPauseMs, nowMs - this.#lastMs);
      this.#lastMs = nowMs;
      this.written.push(key);
    }
  }

  /** Writing the same twice is as good as once: so it may be repeated when nobody knows. */
  async #put(client: QuorateClient, key: string): Promise<void> {
    for (;;) {
      try {
        await client.put(key, key);
        return;
      } catch (error) {
        if (!(error instanceof ClientError) || error.code !== 'CLIENT_OUTCOME_UNKNOWN') throw error;
        this.unknown += 1;
      }
    }
  }
}

/** Until this many more keys were written, so that there is load before, between and after. */
async function moreWritten(load: Load, count: number): Promise<void> {
  const goal = load.written.length + count;
  while (load.written.length < goal) await new Promise((resolve) => setImmediate(resolve));
}

async function expectWritten(cluster: TestCluster, load: Load): Promise<void> {
  const reader = cluster.client({ timeoutMs: 30_000 });
  const { keyValues } = await reader.get('load/', { prefix: true, keysOnly: true });
  const found = new Set(keyValues.map(({ key }) => new TextDecoder().decode(key)));
  assert.deepEqual(
    load.written.filter((key) => !found.has(key)),
    [],
  );
}

test('a rolling restart under load fails no request, and the watch misses nothing', async (t) => {
  await using cluster = await startTestCluster({ nodes: 3 });
  const client = cluster.client({ timeoutMs: 30_000 });
  const watch = client.watch('load/', { prefix: true });
  await watch.begun();
  const load = new Load(client);
  for (const node of cluster.nodes) {
    await moreWritten(load, 50);
    await node.restart();
  }
  await moreWritten(load, 50);
  await load.end();
  await expectWritten(cluster, load);
  const missing = new Set(load.written);
  let lastRevision = 0;
  for await (const { key, revision } of watch) {
    assert.ok(revision > lastRevision, 'in order, each once');
    lastRevision = revision;
    missing.delete(new TextDecoder().decode(key));
    if (missing.size === 0) break;
  }
  // Elections were never needed: the lead was handed over each time.
  const { term } = (await cluster.leader()).status();
  t.diagnostic(
    `${load.written.length} puts, ${load.unknown} asked for again, ` +
      `longest pause ${Math.round(load.longestPauseMs)} ms, term ${term}`,
  );
  assert.ok(load.longestPauseMs < 10_000, `a pause of ${load.longestPauseMs} ms`);
});

test('an older and a newer protocol work together while one follows the other', async () => {
  await using cluster = await startTestCluster({ nodes: 3 });
  const nodes = cluster.nodes as readonly ClusterNode[];
  const load = new Load(cluster.client({ timeoutMs: 30_000 }));
  // To one that speaks both, then to one that speaks the newer only, as releases would; and back.
  for (const versions of [
    { min: 1, max: 2 },
    { min: 2, max: 2 },
    { min: 1, max: 2 },
    { min: 1, max: 1 },
  ]) {
    for (const node of nodes) {
      node.protocolVersions = versions;
      await moreWritten(load, 10);
      await node.restart();
    }
  }
  await moreWritten(load, 10);
  await load.end();
  await expectWritten(cluster, load);
});
