import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientMember } from '@quorate/client';
import {
  allStarted,
  GrowingCluster,
  insist,
  joinRefusal,
  refusal,
  until,
} from './growing-cluster.ts';

describe('members of a cluster', { concurrency: 2 }, () => {
  it('are added, catch up and vote; are moved, and come back as who they were', async (context) => {
    const cluster = await GrowingCluster.open(context, 1);
    const client = cluster.client();
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
    assert.equal((await cluster.client([1]).get('before')).keyValues.length, 1);
    await until(() => cluster.server(1).status().role === 'follower');

    // Whatever else it is told: its directory knows.
    await cluster.stop(1);
    await cluster.start(1, [1], { clusterToken: 'nonsense' });
    await cluster.client().put('again', 'z');

    // Moved: where the others reach it now is what the log says, not what it says itself.
    const { id } = member as ClientMember;
    const asked = cluster.client();
    assert.match(await refusal(asked.cluster.update(id, [cluster.url(0)])), /already exists/);
    await asked.cluster.update(id, [cluster.url(7)]);
    await cluster.stop(1);
    await cluster.start(1, [1], { listenPeer: { host: 'host7', port: 2380 } });
    const again = cluster.client();
    await again.put('moved', 'z');
    const urls = (await again.cluster.members()).map(({ peerUrls }) => peerUrls);
    assert.deepEqual(urls.flat().sort(), [cluster.url(0), cluster.url(7)].sort());
  });

  it('are learners until they are promoted, by hand or by themselves', async (context) => {
    const cluster = await GrowingCluster.open(context, 1);
    const client = cluster.client();
    for (let at = 0; at < 20; at++) await client.put(`key${at}`, 'x');
    const { member } = await client.cluster.add([cluster.url(1)], { isLearner: true });
    const { id } = member as ClientMember;
    assert.match(await refusal(client.cluster.promote(id)), /in sync with leader/);
    const second = client.cluster.add([cluster.url(2)], { isLearner: true });
    assert.match(await refusal(second), /too many learner members/);
    await cluster.join(1, [0]);
    await until(() => cluster.server(1).status().role === 'learner');
    const own = cluster.client([1], 3000);
    await until(async () => /not supported for learner/.test(await refusal(own.put('a', 'b'))));
    // Whoever asks twice at once is answered that it is done, or that it was done already.
    const said: string[] = [];
    await until(async () => {
      const promote = () => client.cluster.promote(id).then(() => 'done', String);
      const both = await Promise.all([promote(), promote()]);
      said.push(...both);
      return both.includes('done');
    });
    assert.ok(
      said.every((one) => /done|in sync with leader|can only promote/.test(one)),
      `${said}`,
    );
    await until(() => cluster.server(1).status().role === 'follower');
    assert.match(await refusal(client.cluster.promote(id)), /can only promote a learner/);
    assert.match(await refusal(client.cluster.promote(4n)), /member not found/);

    // A leader that is told to gives them their votes by itself.
    await cluster.stop(0);
    await cluster.stop(1);
    await cluster.start(0, [0], { autoPromoteLearners: true });
    await cluster.start(1, [1], { autoPromoteLearners: true });
    const again = cluster.client();
    await insist(() => again.cluster.add([cluster.url(2)], { isLearner: true }));
    await cluster.join(2, [0, 1]);
    await until(() => cluster.server(2).status().role === 'follower');
  });

  it('end when they are removed, also the leader, and do not start again', async (context) => {
    const cluster = await GrowingCluster.open(context, 3);
    const leader = await cluster.leader();
    const { memberId: leaderId } = cluster.server(leader).status();
    const client = cluster.client();
    assert.match(await refusal(client.cluster.remove(77n)), /member not found/);
    await cluster.dismiss(leaderId);
    await until(() => cluster.removed.includes(leader));
    await assert.rejects(cluster.start(leader, [0, 1, 2]), { code: 'SERVER_MEMBER_REMOVED' });
    await cluster.stop(leader);
    const [one = 0, last = 0] = cluster.running;
    const { memberId: oneId } = cluster.server(one).status();
    const { memberId: lastId } = cluster.server(last).status();
    await cluster.dismiss(oneId);
    await until(() => cluster.removed.includes(one));
    await cluster.stop(one);
    const alone = cluster.client();
    assert.match(await refusal(alone.cluster.remove(lastId)), /not enough started members/);
    await alone.put('alone', 'x');
  });

  it('that were removed while they were down learn it when they are back', async (context) => {
    const cluster = await GrowingCluster.open(context, 3);
    const leader = await cluster.leader();
    const away = [0, 1, 2].find((at) => at !== leader) ?? 0;
    const { memberId } = cluster.server(away).status();
    await cluster.stop(away, true);
    await cluster.dismiss(memberId);
    await cluster.client().put('after', 'x');
    await cluster.start(away, [0, 1, 2]);
    await until(() => cluster.removed.includes(away));
    await assert.rejects(cluster.start(away, [0, 1, 2]), { code: 'SERVER_MEMBER_REMOVED' });
    await cluster.stop(away);

    // Neither with a new disk: it has to be added first, and is somebody else then.
    cluster.wipe(away);
    const words = await joinRefusal(cluster.join(away, cluster.running));
    assert.match(words, /this node is no member of the cluster.*quorate member add/);
    cluster.wipe(away);
    await cluster.grow(away);
    assert.notEqual(cluster.server(away).status().memberId, memberId);
    assert.equal((await cluster.client([away]).get('after')).keyValues.length, 1);
  });

  it('with lost data are not taken for who they were', async (context) => {
    const cluster = await GrowingCluster.open(context, 3);
    await cluster.client().put('a', 'b');
    await cluster.stop(2);
    cluster.wipe(2);
    assert.match(await joinRefusal(cluster.join(2, [0, 1])), /has run before/);
    const lonely = cluster.join(3, [4], { joinTimeoutMs: 1 });
    assert.match(await joinRefusal(lonely), /none of the members listed answers/);
    assert.match(await joinRefusal(cluster.join(3, [])), /name no member to ask/);
  });

  it('are one only, when two machines are started for the same', async (context) => {
    const cluster = await GrowingCluster.open(context, 1);
    await cluster.client().put('before', 'x');
    const { member } = await cluster.client().cluster.add([cluster.url(1)]);
    // Another machine that says of itself that it is reached where the first one is.
    const members = [
      { name: 'n1', peerUrls: [cluster.url(1)] },
      { name: 'n0', peerUrls: [cluster.url(0)] },
    ];
    const joining = [cluster.join(1, [0]), cluster.join(2, [0], { name: 'n1', members })];
    const outcomes = await Promise.allSettled(joining);
    // Whoever came late may have been told so at once.
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.match(String(outcome.reason), /has run before/);
    }
    const both = cluster.running.filter((at) => at > 0);
    const roleOf = (at: number): string => cluster.server(at).status().role;
    const takenIn = (): readonly number[] => both.filter((at) => roleOf(at) !== 'removed');
    const client = cluster.client([0]);
    let waits = both.includes(1) ? 200 : 0;
    await until(async () => {
      // The leader looks for it where it was added: that it is elsewhere an operator has to say.
      if (waits-- === 0) await client.cluster.update(member?.id ?? 0n, [cluster.url(2)]);
      return takenIn().some((at) => ['follower', 'leader'].includes(roleOf(at)));
    });
    const [winner] = takenIn();
    await cluster.client([0, winner as number]).put('between', 'y');
    assert.deepEqual(takenIn(), [winner]);
    for (const loser of both) if (loser !== winner) await cluster.stop(loser);
    // Only with the winner's vote is there a majority.
    await client.put('after', 'z');
    await cluster.stop(winner as number);
    await assert.rejects(cluster.client([0], 1000).put('alone', 'z'));
  });

  it('join while the leader changes', async (context) => {
    const cluster = await GrowingCluster.open(context, 3);
    const client = cluster.client();
    await client.put('before', 'x');
    const leader = await cluster.leader();
    await insist(() => client.cluster.add([cluster.url(3)]));
    const [, joined] = await Promise.all([cluster.stop(leader, true), cluster.join(3, [0, 1, 2])]);
    await until(() => ['follower', 'leader'].includes(joined.status().role));
    await cluster.start(leader, [0, 1, 2]);
    await cluster.listed(allStarted(4));
    assert.equal((await cluster.client([3]).get('before')).keyValues.length, 1);
  });

  it('go down to one and up to five, and lose nothing', async (context) => {
    const cluster = await GrowingCluster.open(context, 3);
    await cluster.client().put('before', 'x');
    while (cluster.running.length > 1) {
      const [gone = 0, ...rest] = cluster.running;
      const { memberId } = cluster.server(gone).status();
      // The one that is asked, too: it answers before it ends.
      const asked = rest.length === 2 ? [gone] : rest;
      await cluster.dismiss(memberId, asked);
      await until(() => cluster.removed.includes(gone));
      await cluster.stop(gone);
    }
    for (const at of [5, 6, 7, 8]) await cluster.grow(at);
    const client = cluster.client();
    assert.equal((await client.cluster.members()).length, 5);
    const [first = 0, second = 0] = cluster.running;
    await Promise.all([cluster.stop(first, true), cluster.stop(second, true)]);
    await cluster.client().put('after', 'y');
    assert.equal((await cluster.client().get('before')).keyValues.length, 1);
  });
});
