import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openNode, type QuorateNode } from '@quorate/node';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { type Counted, Tally, type Vote } from './tally.ts';

type TallyNode = QuorateNode<{ readonly tally: () => Tally }>;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

function open(id: number, directory: string, peers: Record<number, string>): Promise<TallyNode> {
  return openNode({
    id,
    dataDir: join(directory, `node${id}`),
    listen: peers[id] ?? '',
    peers,
    groups: { tally: () => new Tally() },
    // For a test: quick to notice that a leader is gone.
    tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 500 },
    log: { level: 'silent', format: 'logfmt' },
  });
}

/** Asks the nodes in turn until one has an answer: a vote is counted once, however often asked. */
async function cast(nodes: Iterable<TallyNode>, vote: Vote): Promise<Counted> {
  let problem: unknown;
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const node of nodes) {
      try {
        return (await node.group('tally').propose(vote)).result;
      } catch (error) {
        problem = error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw problem;
}

test('every replica comes to the same state', () => {
  checkSimpleStateMachine({
    create: () => new Tally(),
    commands: (count, seed) =>
      Array.from({ length: count }, (_, at) => ({
        voter: `voter ${(at * seed) % 40}`,
        choice: `choice ${at % 3}`,
      })),
  });
});

test('votes are kept and counted once while a leader goes and comes back', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tally-'));
  const peers: Record<number, string> = {};
  for (const id of [1, 2, 3]) peers[id] = `127.0.0.1:${await freePort()}`;
  const nodes = new Map<number, TallyNode>();
  try {
    const opened = await Promise.all([1, 2, 3].map((id) => open(id, directory, peers)));
    for (const node of opened) nodes.set(node.id, node);
    const first = await cast(nodes.values(), { voter: 'anna', choice: 'tea' });
    assert.deepEqual(first, { isCounted: true, votes: 1 });

    const { leader } = opened[0]?.group('tally').status() ?? { leader: 0 };
    const voters = Array.from({ length: 50 }, (_, at) => `voter ${at}`);
    const stopped = nodes.get(leader);
    nodes.delete(leader);
    // The votes are on their way while the leader goes.
    await Promise.all([
      stopped?.close(),
      ...voters.map((voter) => cast(nodes.values(), { voter, choice: 'coffee' })),
    ]);

    nodes.set(leader, await open(leader, directory, peers));
    for (const node of nodes.values()) {
      assert.equal(await node.group('tally').read('coffee'), voters.length);
      assert.equal(await node.group('tally').read('tea'), 1);
    }
    const again = await cast(nodes.values(), { voter: 'anna', choice: 'coffee' });
    assert.deepEqual(again, { isCounted: false, votes: voters.length });
  } finally {
    await Promise.all([...nodes.values()].map((node) => node.close()));
    rmSync(directory, { recursive: true, force: true });
  }
});
