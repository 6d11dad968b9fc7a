import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { RaftifyWaiting } from '../../src/raftify/index.ts';
import { refusal } from '../node/refusal.ts';
import { leaderOf, Rig, until } from './rig.ts';

describe('nodes with a raftify.json', { timeout: 300_000 }, () => {
  it('found a group once all are there, and one of them leads', async () => {
    await using rig = await Rig.make(3);
    const key = `${'a1'.repeat(15)}b2`;
    const heard = Promise.withResolvers<RaftifyWaiting>();
    rig.configure(2, { encrypt: key });
    const third = rig.start(2, { onWaiting: heard.resolve });
    const waiting = await heard.promise;
    assert.equal(waiting.state, 'Bootstrap');
    assert.equal(waiting.present, 1);
    assert.equal(waiting.expected, 3);
    const [first = '', second = ''] = rig.addresses;
    assert.deepEqual([...waiting.problems.keys()], [first, second]);
    assert.match(waiting.problems.get(first) ?? '', /^has not answered \(nothing listens there/);
    for (const at of [0, 1]) rig.configure(at, { encrypt: key });
    const nodes = await Promise.all([rig.start(1), rig.start(0), third]);
    const leader = await leaderOf(nodes);
    assert.ok(leader.election.isLeader());
    const expected = Object.fromEntries(rig.addresses.map((address, at) => [`n${at}`, address]));
    for (const node of nodes) assert.deepEqual(node.getMembers(), expected);
    assert.deepEqual(nodes.map((node) => node.getID()).sort(), ['n0', 'n1', 'n2']);
    await until(() => nodes.every((node) => node.getHealthScore() === 0));
    await until(() => nodes.every((node) => node.election.leader()?.text === leader.getID()));
    const states = nodes.filter((node) => node !== leader).map((node) => node.getState());
    assert.deepEqual(states, ['Follower', 'Follower']);
  });
});

/** Until a node that waits says so of somebody. */
function waitingFor(problem: RegExp) {
  const { promise, resolve } = Promise.withResolvers<RaftifyWaiting>();
  const onWaiting = (waiting: RaftifyWaiting): void => {
    if ([...waiting.problems.values()].some((text) => problem.test(text))) resolve(waiting);
  };
  return { promise, options: { onWaiting } };
}

describe('a node that is of no group', { timeout: 300_000 }, () => {
  it('is told when its key is another one, and so are the others', async () => {
    await using rig = await Rig.make(2);
    rig.configure(0, { encrypt: '0123456789abcdef'.repeat(2) });
    rig.configure(1, { encrypt: 'fedcba9876543210'.repeat(2) });
    const differs = [0, 1].map((at) => {
      const { promise, options } = waitingFor(/^has not answered \(the shared key differs/);
      const end = new AbortController();
      const start = rig.start(at, { ...options, signal: end.signal });
      return promise.then(async ({ state }) => {
        assert.equal(state, 'Bootstrap');
        return { end, start };
      });
    });
    for (const { end, start } of await Promise.all(differs)) {
      end.abort(new Error('given up'));
      await assert.rejects(start, { message: 'given up' });
    }
    // All that was opened for it is closed again.
    for (const at of [0, 1]) rig.configure(at, { encrypt: '0123456789abcdef'.repeat(2) });
    await leaderOf(await Promise.all([rig.start(0), rig.start(1)]));
  });

  it('is told when only one of two encrypts', async () => {
    await using rig = await Rig.make(2);
    rig.configure(0, { encrypt: '0123456789abcdef'.repeat(2) });
    rig.configure(1);
    const plain = waitingFor(/it speaks TLS, and this node does not/);
    const secret = waitingFor(/it does not speak TLS/);
    void rig.start(0, secret.options);
    void rig.start(1, plain.options);
    await Promise.all([plain.promise, secret.promise]);
  });

  it('is told when configurations differ, and nothing is founded', async () => {
    await using rig = await Rig.make(3);
    rig.configure(0);
    rig.configure(1, { performance: 2 });
    rig.configure(2);
    const differs = waitingFor(/has performance 2, and it is 1 here: make them the same/);
    const starts = [rig.start(0, differs.options), rig.start(1), rig.start(2)];
    await differs.promise;
    const open = await Promise.race([...starts, Promise.resolve(null)]);
    assert.equal(open, null);
  });

  it('is taken into a group that fewer have founded', async () => {
    await using rig = await Rig.make(3);
    for (const at of [0, 1, 2]) rig.configure(at, { expect: 2 });
    const noGroup = waitingFor(/has not answered/);
    const third = rig.start(2, noGroup.options);
    await noGroup.promise;
    const two = await Promise.all([rig.start(0), rig.start(1)]);
    const node = await third;
    const leader = await leaderOf([...two, node]);
    await until(() => leader.election.health().voters === 3);
    await until(() => [...two, node].every((one) => one.getMembers()['n2'] === rig.addresses[2]));
    // It is one of them from now on, and needs no founder to come back.
    await node.shutdown();
    await two[0]?.shutdown();
    await leaderOf([await rig.start(2), two[1] ?? node]);
  });

  it('is taken in as soon as somebody leads, however long that takes', async () => {
    await using rig = await Rig.make(3);
    for (const at of [0, 1, 2]) rig.configure(at, { expect: 2 });
    const [one, two] = await Promise.all([rig.start(0), rig.start(1)]);
    await leaderOf([one, two]);
    await two.shutdown();
    const refused = waitingFor(/does not take this node in/);
    const third = rig.start(2, refused.options);
    assert.equal((await refused.promise).state, 'Rejoin');
    await rig.start(1);
    const node = await third;
    await until(() => node.getState() !== 'Rejoin' && node.getMembers()['n1'] !== undefined);
  });

  it('is not taken into a group that has as many as max_nodes', async () => {
    await using rig = await Rig.make(4);
    const three = rig.addresses.slice(0, 3);
    for (const at of [0, 1, 2]) rig.configure(at, { max_nodes: 3, expect: 3, peer_list: three });
    const nodes = await Promise.all([0, 1, 2].map((at) => rig.start(at)));
    const leader = await leaderOf(nodes);
    const full = waitingFor(/is of a group of 3 nodes, and max_nodes is 3: no more are taken in/);
    rig.configure(3, { max_nodes: 3, expect: 2, peer_list: rig.addresses.slice(0, 2) });
    const fourth = rig.start(3, full.options);
    await full.promise;
    const leaves = nodes.find((node) => node !== leader);
    await leaves?.shutdown({ leave: true });
    await fourth;
    await until(() => leader.getMembers()['n3'] === rig.addresses[3]);
    assert.equal(Object.keys(leader.getMembers()).length, 3);
  });

  it('that has lost its directory comes back once its old self was removed', async () => {
    await using rig = await Rig.make(3);
    const nodes = await rig.startAll();
    const leader = await leaderOf(nodes);
    const token = leader.election.leadership()?.token;
    const at = nodes.findIndex((node) => node !== leader);
    await until(() => nodes.every((node) => node.getHealthScore() === 0));
    await nodes[at]?.shutdown();
    rmSync(rig.dataOf(at), { recursive: true });
    const lost = waitingFor(/as a member whose votes its directory has lost: waits for its remo/);
    const starting = rig.start(at, lost.options);
    assert.equal((await lost.promise).state, 'Rejoin');
    const again = await starting;
    await until(() => leader.election.health().voters === 3 && again.getHealthScore() === 0);
    assert.equal(leader.election.leadership()?.token, token);
    assert.equal(leader.getMembers()[`n${at}`], rig.addresses[at]);
  });

  it('that has lost its directory waits where nobody can remove the old one', async () => {
    await using rig = await Rig.make(2);
    const [one, two] = await rig.startAll();
    await leaderOf([one, two].filter((node) => node !== undefined));
    await two?.shutdown();
    await until(() => one?.getState() !== 'Leader');
    rmSync(rig.dataOf(1), { recursive: true });
    const lost = waitingFor(/waits for its removal/);
    const waiting = rig.start(1, lost.options);
    await lost.promise;
    assert.equal(await Promise.race([waiting, Promise.resolve(null)]), null);
    assert.notEqual(one?.getState(), 'Leader');
  });
});

describe('the directory of a node', { timeout: 300_000 }, () => {
  it('is of one id, one address, and one process', async () => {
    await using rig = await Rig.make(2);
    await rig.startAll();
    rig.configure(0);
    await assert.rejects(rig.start(0), { kind: 'locked' });
    await using other = await Rig.make(1);
    other.configure(0, { peer_list: [] });
    const node = await other.start(0);
    await node.shutdown();
    other.configure(0, { peer_list: [], id: 'another' });
    await refusal(other.start(0), 'id', /is 'another', and .* is the directory of 'n0'/);
    const elsewhere = { address: '127.0.0.1:9' };
    other.configure(0, { peer_list: [] });
    await refusal(other.start(0, elsewhere), 'bind_addr', /is 127\.0\.0\.1:9, and this node was/);
  });

  it('that has lost its votes is refused', async () => {
    await using rig = await Rig.make(1);
    rig.configure(0, { peer_list: [] });
    await (await rig.start(0)).shutdown();
    rmSync(join(rig.dataOf(0), 'votes'), { recursive: true });
    await refusal(rig.start(0), 'dataDir', /has lost the votes of this node: restore them/);
  });

  it('that is damaged is refused', async () => {
    await using rig = await Rig.make(1);
    rig.configure(0, { peer_list: [] });
    await (await rig.start(0)).shutdown();
    const file = join(rig.dataOf(0), 'founding.json');
    const text = readFileSync(file, 'utf8');
    for (const damaged of [text.slice(0, 30), text.replaceAll('127.0.0.1', '127.0.0.2')]) {
      writeFileSync(file, damaged);
      await refusal(rig.start(0), 'dataDir', /founding\.json, is damaged: restore it/);
    }
  });

  it('knows nothing of performance, so nodes compare it when they come back', async () => {
    await using rig = await Rig.make(2);
    const [one] = await rig.startAll();
    await one?.shutdown();
    rig.configure(0, { performance: 3 });
    await refusal(rig.start(0), 'performance', /is 3, and 127\.0\.0\.1:\d+ runs with 1: stop all/);
  });
});
