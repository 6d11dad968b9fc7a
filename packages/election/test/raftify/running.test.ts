import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { CutNetwork } from './cut-network.ts';
import { leaderOf, Rig, until } from './rig.ts';

const timeout = 300_000;

describe('a node of a group that was founded', { timeout }, () => {
  it('is back without waiting for all, with 2 of 3', async () => {
    await using rig = await Rig.make(3);
    const all = await rig.startAll();
    const before = (await leaderOf(all)).election.leadership()?.token ?? 0n;
    await Promise.all(all.map((node) => node.shutdown()));
    assert.deepEqual(
      all.map((node) => node.getState()),
      ['Shutdown', 'Shutdown', 'Shutdown'],
    );
    const two = await Promise.all([rig.start(0), rig.start(2)]);
    const leader = await leaderOf(two);
    assert.ok((leader.election.leadership()?.token ?? 0n) > before);
    assert.equal(leader.getHealthScore(), 1, 'one voter is missing');
    assert.equal(leader.getMembers()['n1'], rig.addresses[1]);
  });

  it('that was cut off and comes back does not depose the leader', async () => {
    await using rig = await Rig.make(3);
    const networks = rig.addresses.map(() => new CutNetwork());
    const all = await Promise.all(
      networks.map((network, at) => {
        rig.configure(at);
        return rig.start(at, { network: () => network });
      }),
    );
    const leader = await leaderOf(all);
    const token = leader.election.leadership()?.token;
    let lost = 0;
    leader.election.on('lost', () => (lost += 1));
    const other = all.findIndex((node) => node !== leader);
    const [network, node] = [networks[other], all[other]];
    assert.ok(network !== undefined && node !== undefined);
    for (let round = 0; round < 2; round++) {
      network.isCut = true;
      await until(() => node.getState() === 'PreCandidate');
      // It asks to be elected several times, and nobody hears it.
      await setTimeout(1500);
      assert.notEqual(node.getState(), 'Leader');
      network.isCut = false;
      await until(() => node.getState() === 'Follower' && node.election.leader() !== null);
    }
    assert.equal(lost, 0);
    assert.equal(leader.getState(), 'Leader');
    assert.equal(leader.election.leadership()?.token, token);
  });

  it('that leads and is cut off gives up before another leads', async () => {
    await using rig = await Rig.make(3);
    const networks = rig.addresses.map(() => new CutNetwork());
    const all = await Promise.all(
      networks.map((network, at) => {
        rig.configure(at);
        return rig.start(at, { network: () => network });
      }),
    );
    const leader = await leaderOf(all);
    const network = networks[all.indexOf(leader)];
    assert.ok(network !== undefined);
    let leadsAtOther: boolean | null = null;
    for (const node of all) {
      if (node === leader) continue;
      node.election.on(
        'elected',
        () => (leadsAtOther = leadsAtOther === true || leader.getState() === 'Leader'),
      );
    }
    network.isCut = true;
    await leaderOf(all, leader);
    assert.equal(leadsAtOther, false);
    network.isCut = false;
    // Whoever leads by then: a machine that stands still for a moment deposes the next one, too.
    const followed = (): boolean => {
      const { id } = leader.election.leader() ?? {};
      return all.some((node) => node.election.id === id && node.getState() === 'Leader');
    };
    await until(followed, all);
    assert.equal(leadsAtOther, false);
  });

  it('campaigns on after it handed the lead to another', async () => {
    await using rig = await Rig.make(3);
    const all = await rig.startAll();
    const first = await leaderOf(all);
    await first.election.resign();
    const second = await leaderOf(all, first);
    await second.election.transferLeadership(first.election.id);
    await until(() => first.getState() === 'Leader');
  });

  it('that leaves makes the group smaller, and is taken in again', async () => {
    await using rig = await Rig.make(3);
    const all = await rig.startAll();
    const leader = await leaderOf(all);
    const left = all.findIndex((node) => node !== leader);
    await all[left]?.shutdown({ leave: true });
    assert.equal(all[left]?.getState(), 'Shutdown');
    await until(() => Object.keys(leader.getMembers()).length === 2);
    assert.equal(leader.getMembers()[`n${left}`], undefined);
    const again = await rig.start(left);
    await until(() => Object.keys(leader.getMembers()).length === 3);
    await until(() => again.getState() === 'Follower' && again.getHealthScore() === 0);
    assert.equal(again.getMembers()[`n${left}`], rig.addresses[left]);
  });

  it('that is alone cannot leave, and runs on', async () => {
    await using rig = await Rig.make(1);
    rig.configure(0, { peer_list: undefined });
    const node = await rig.start(0);
    await leaderOf([node]);
    await assert.rejects(node.shutdown({ leave: true }), { code: 'ELECTION_LEAVE_REFUSED' });
    await leaderOf([node]);
    await node.shutdown();
    await node.shutdown();
    assert.equal(node.getState(), 'Shutdown');
  });
});
