import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { forward, heartbeat, rounds } from './support/messages.ts';
import { Rig, type RigNode } from './support/rig.ts';

/** Ten seconds of resets, partitions and slow links among three nodes that keep talking. */
function storm(seed: number): { rig: Rig; nodes: RigNode[]; history: string } {
  const rig = new Rig({
    seed,
    conditions: { breakProbability: 0.01, spikeProbability: 0.05, spikeMs: 200 },
    socketBufferBytes: 8000,
    highWaterBytes: 4000,
  });
  const prng = new Prng(seed);
  const ids = [1, 2, 3];
  const nodes = ids.map((id) => rig.node(id, ids));
  for (let round = 1; round <= 500; round++) {
    for (const { id, links } of nodes) {
      for (const to of ids) {
        if (to === id) continue;
        links.send(to, 1, heartbeat(id, to, round));
        if (prng.chance(0.1)) links.send(to, 1, forward(id, to, round % 256, prng.below(5000)));
      }
      links.flush();
    }
    const [a, b] = prng.shuffle(ids) as [number, number];
    if (prng.chance(0.02)) rig.network.partition(a, b, { oneWay: prng.chance(0.5) });
    if (prng.chance(0.02)) rig.network.partition(a, b, { mode: 'break' });
    if (prng.chance(0.05)) rig.network.heal();
    if (prng.chance(0.02)) rig.network.breakConnection(a, b);
    rig.run(20);
  }
  rig.network.heal();
  rig.network.setConditions({ breakProbability: 0 });
  rig.run(20_000);
  const history = nodes.map(({ changes, received }) => `${changes} ${received.length}`).join('; ');
  return { rig, nodes, history };
}

test('under any faults what arrives is whole, in order and once, and all links come back', () => {
  for (let seed = 1; seed <= 15; seed++) {
    const { nodes } = storm(seed);
    for (const { id, links, received, logged } of nodes) {
      const broken = logged.filter(({ event }) => event === 'peer connection broken');
      assert.deepEqual(broken, [], `seed ${seed}`);
      for (const from of [1, 2, 3].filter((peer) => peer !== id)) {
        assert.ok(links.isConnected(from), `seed ${seed}: ${id} to ${from}`);
        const heard = rounds(received.filter((one) => one.from === from));
        assert.ok(heard.length > 50, `seed ${seed}: ${heard.length} arrived`);
        assert.ok(
          heard.every((round, at) => round > (heard[at - 1] ?? 0)),
          `seed ${seed}: in order and once`,
        );
      }
      for (const { message } of received) {
        if (message.type !== 'Forward') continue;
        assert.ok(message.commands[0]?.every((byte) => byte === message.request));
      }
    }
  }
});

test('the same seed gives the same run', () => {
  assert.equal(storm(4).history, storm(4).history);
});
