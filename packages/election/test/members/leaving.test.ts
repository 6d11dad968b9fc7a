import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createElection, type Election } from '../../src/index.ts';
import { block, digestOf, keyOf } from '../claims/drawn.ts';
import { Signers } from '../claims/signers.ts';
import { Elections, hears, silent, timing } from '../node/elections.ts';
import { freePort } from '../node/free-port.ts';
import { refusal } from '../node/refusal.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { leaderOf, until, voters } from './watching.ts';

/** In the order of their ids. */
function three(elections: Elections): [Election, Election, Election] {
  return [elections.of(1), elections.of(2), elections.of(3)];
}

describe('a node that leaves', () => {
  it('is removed, three become two and two one, and the last one cannot go', async () => {
    await using elections = await Elections.open(3);
    const [one, two, third] = three(elections);
    const leadership = await two.campaign();
    await hears(one, 2);
    const lost: string[] = [];
    two.on('lost', (_, reason) => lost.push(reason));
    const waiting = assert.rejects(third.campaign(), { code: 'ELECTION_RESIGNED' });
    await Promise.all([two.leave(), waiting, third.leave()]);
    assert.deepEqual(lost, ['resigned']);
    assert.equal(leadership.isValid(), false);
    await assert.rejects(two.campaign(), { code: 'ELECTION_CLOSED' });
    await assert.rejects(two.leave(), { code: 'ELECTION_CLOSED' });
    await until(() => voters(one) === '1');
    assert.ok((await one.campaign()).token > leadership.token);
    await assert.rejects(one.leave(), {
      code: 'ELECTION_LEAVE_REFUSED',
      metadata: { reason: 'noVoters' },
      message: /node 1 cannot leave: it is the only voter/,
    });
    assert.equal(one.isLeader(), true);
    assert.deepEqual([one.health().voters, one.health().failureTolerance], [1, 0]);
  });

  it('stays a member when the others cannot do without it', async () => {
    await using elections = await Elections.open(3);
    const [one, two, third] = three(elections);
    await third.close();
    const left = [one, two];
    await until(() => leaderOf(left) !== undefined);
    const leader = leaderOf(left) ?? one;
    const silentMs = (id: number): number | null =>
      leader.members().find((member) => member.id === id)?.silentMs ?? null;
    await until(() => (silentMs(3) ?? 0) > 100);
    assert.ok((silentMs(leader.id) ?? 0) === 0);
    // Whether it leads or not, and however long anybody has led.
    for (const node of left) {
      await assert.rejects(node.leave(), {
        code: 'ELECTION_LEAVE_REFUSED',
        metadata: { reason: 'quorumAtRisk' },
        message: /node [12] cannot leave now \(quorumAtRisk\)/,
      });
      assert.equal(node.health().membership, 'member');
      const leadership = await node.campaign();
      await leadership.resign();
    }
  });

  it('leaves the claims as well', async () => {
    await using signers = await Signers.open(3);
    const one = signers.of(1);
    await signers.of(3).leave();
    await signers.of(2).leave();
    const { token } = await one.campaign();
    const claim = { key: keyOf('validator'), position: block(5), digest: digestOf(1), token };
    // Nobody else is there to agree.
    assert.deepEqual(await one.claims.claim(claim), { kind: 'sign' });
    await assert.rejects(one.leave(), { code: 'ELECTION_LEAVE_REFUSED' });
  });

  it('does not come back by itself, but by join, with the directory that it had', async () => {
    using directory = temporaryDirectory();
    const dataDirOf = (id: number): string => `${directory.path}/${id}`;
    const removeDead = { afterMs: 60_000 };
    await using elections = await Elections.open(3, (id) => ({
      dataDir: dataDirOf(id),
      removeDead,
    }));
    const [one, two, third] = three(elections);
    await third.leave();
    const problem = /is missing, and node 3 of .* has left the election: give any members/;
    await refusal(elections.start(3), 'join', problem);
    await until(() => voters(one) === '1 2' && voters(two) === '1 2');
    const again = await createElection({
      id: 3,
      join: [elections.peers[2] ?? '', elections.peers[1] ?? ''],
      listen: elections.peers[3] ?? '',
      dataDir: dataDirOf(3),
      timing,
      log: silent,
    });
    elections.all.push(again);
    await until(() => voters(one) === '1 2 3' && voters(again) === '1 2 3');
    await again.campaign();
    await again.close();
    // It needs no word any more: it is a member like the others.
    await elections.start(3);
    await elections.of(3).campaign();
  });
});

describe('a node that joins', () => {
  it('needs one contact that lives, which need not lead, and no leader at the moment', async () => {
    await using elections = await Elections.open(3);
    const [one, two, third] = three(elections);
    await one.campaign();
    await hears(two, 1);
    await hears(third, 1);
    const nobody = `127.0.0.1:${await freePort()}`;
    const join = [nobody, elections.peers[3] ?? ''];
    const listen = `127.0.0.1:${await freePort()}`;
    // Whoever led is gone, and the next one is not elected yet.
    await one.close();
    const fourth = await createElection({
      id: 4,
      join,
      listen,
      dataDir: null,
      timing,
      log: silent,
    });
    elections.all.push(fourth);
    await until(() => voters(fourth) === '1 2 3 4' && voters(two) === '1 2 3 4');
    assert.equal(fourth.health().membership, 'member');
    await fourth.campaign();
    assert.equal(fourth.isLeader(), true);
  });

  it('is told when nobody takes it in', async () => {
    const contact = `127.0.0.1:${await freePort()}`;
    const listen = `127.0.0.1:${await freePort()}`;
    const options = { id: 4, join: [contact], listen, dataDir: null, timing, log: silent };
    await assert.rejects(createElection({ ...options, timeoutMs: 300 }), {
      code: 'HOST_CLUSTER_UNREACHABLE',
    });
  });
});
