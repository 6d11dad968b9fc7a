import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupId, NodeHeartbeat, NodeHeartbeatResponse } from '@quorate/schema';
import { electionTimeoutMs, NodePair } from './support/node-pair.ts';

const others: readonly GroupId[] = Array.from({ length: 19 }, (_, position) => position + 2);

function beat(version: number, groups: readonly GroupId[], round: number): NodeHeartbeat {
  const sleeping = groups.map((group) => ({ group, term: 1, lastIndex: 1 }));
  return { type: 'NodeHeartbeat', from: 1, to: 2, term: 0, round, life: 7, version, sleeping };
}

function lastAnswer(pair: NodePair): NodeHeartbeatResponse {
  const message = pair.follower.sent.at(-1);
  assert.equal(message?.type, 'NodeHeartbeatResponse');
  return message as NodeHeartbeatResponse;
}

describe('the heartbeats between two nodes', () => {
  for (const roundTripMs of [1, 110, 150, 250]) {
    it(`let an idle group sleep on while others come and go (round trip ${roundTripMs} ms)`, () => {
      const pair = new NodePair(20, roundTripMs);
      pair.fallAsleep(1);
      pair.churn(others, 50);
      pair.run(30_000);
      assert.equal(pair.leader.sleeper(1).wakes, 0);
      assert.equal(pair.follower.sleeper(1).wakes, 0);
      assert.equal(pair.follower.sleeper(1).asleep, true);
    });
  }

  it('wake all groups of a silent node, also while groups come and go (rule 11)', () => {
    const pair = new NodePair(20, 150);
    pair.fallAsleep(1);
    pair.churn(others, 50);
    pair.run(5000);
    pair.arrives = ({ type }) => type !== 'NodeHeartbeatResponse';
    pair.run(electionTimeoutMs + 1);
    assert.equal(pair.leader.sleeper(1).wakes, 1);
  });

  it('wake a group of a silent node that has only just fallen asleep (rule 11)', () => {
    const pair = new NodePair(2, 150);
    pair.fallAsleep(1);
    pair.run(5000);
    pair.arrives = () => false;
    pair.fallAsleep(2);
    pair.run(electionTimeoutMs + 1);
    assert.equal(pair.leader.sleeper(2).wakes, 1);
  });

  it('wake a group that the answer calls awake', () => {
    const pair = new NodePair(2, 1);
    pair.follower.sleeper(1).isWilling = false;
    pair.fallAsleep(1);
    pair.fallAsleep(2);
    pair.run(electionTimeoutMs - 200);
    assert.equal(pair.leader.sleeper(1).wakes, 1);
    assert.equal(pair.leader.sleeper(2).wakes, 0);
  });

  it('wake a group that an answer about an older list calls awake', () => {
    const pair = new NodePair(20, 250);
    pair.follower.sleeper(1).isWilling = false;
    pair.fallAsleep(1);
    pair.churn(others, 50);
    pair.run(electionTimeoutMs - 200);
    assert.equal(pair.leader.sleeper(1).wakes, 1);
  });

  it('hold nothing against a group that sleeps anew since the list of the answer', () => {
    const pair = new NodePair(2, 250);
    pair.follower.sleeper(1).isWilling = false;
    pair.fallAsleep(1);
    // The beat has been sent, and its answer is under way.
    pair.run(230);
    pair.follower.sleeper(1).isWilling = true;
    pair.wakeUp(1);
    pair.fallAsleep(1);
    pair.run(5000);
    assert.equal(pair.leader.sleeper(1).wakes, 0);
    assert.equal(pair.follower.sleeper(1).asleep, true);
  });

  it('take an answer about a list that was never sent for none', () => {
    const pair = new NodePair(1, 1);
    pair.arrives = () => false;
    pair.fallAsleep(1);
    pair.run(500);
    const sent = pair.leader.sent.at(-1) as NodeHeartbeat;
    const answer = { type: 'NodeHeartbeatResponse', from: 2, to: 1, term: 0, life: 9 } as const;
    const { round } = sent;
    pair.leader.heartbeats.answered({ ...answer, round, version: sent.version + 1, awake: [] });
    pair.leader.heartbeats.answered({ ...answer, round, version: sent.version - 1, awake: [] });
    pair.run(501);
    assert.equal(pair.leader.sleeper(1).wakes, 1);
  });

  it('wake nobody when two of them are lost in a row, and everybody at the third', () => {
    for (const lost of [2, 3]) {
      const pair = new NodePair(1, 1);
      pair.fallAsleep(1);
      pair.run(5000);
      let left = lost;
      pair.arrives = ({ type }) => {
        if (type === 'NodeHeartbeat') left -= 1;
        return type !== 'NodeHeartbeat' || left < 0;
      };
      pair.run(5000);
      assert.equal(pair.leader.sleeper(1).wakes, lost === 2 ? 0 : 1);
    }
  });

  it('put no group to sleep for a list that a newer one has overtaken', () => {
    const pair = new NodePair(3, 1);
    pair.follower.heartbeats.received(beat(2, [1, 2], 2));
    pair.follower.heartbeats.received(beat(1, [1, 2, 3], 1));
    assert.equal(pair.follower.sleeper(3).asleep, false);
    assert.equal(lastAnswer(pair).version, 2);
    assert.deepEqual(lastAnswer(pair).awake, []);
  });

  it('name each group of the list that is awake, whatever lists came before', () => {
    const pair = new NodePair(3, 1);
    pair.follower.sleeper(2).isWilling = false;
    pair.follower.heartbeats.received(beat(2, [2], 2));
    pair.follower.heartbeats.received(beat(1, [1], 1));
    assert.deepEqual(lastAnswer(pair).awake, [2]);
    pair.follower.sleeper(2).isWilling = true;
    pair.follower.heartbeats.received(beat(3, [2, 3], 3));
    assert.deepEqual(lastAnswer(pair).awake, []);
    pair.follower.heartbeats.wokeUp(3);
    pair.follower.heartbeats.received({ ...beat(3, [], 4), sleeping: null });
    assert.deepEqual(lastAnswer(pair).awake, [3]);
    pair.follower.heartbeats.received(beat(4, [2], 5));
    assert.deepEqual(lastAnswer(pair).awake, []);
    pair.follower.heartbeats.received(beat(5, [], 6));
    assert.equal(pair.follower.sleeper(2).asleep, false);
    assert.deepEqual(lastAnswer(pair).awake, []);
  });

  it('have room for as many groups as one list holds', () => {
    const pair = new NodePair(3, 1, 2);
    const { heartbeats } = pair.leader;
    const third = pair.leader.sleeper(3);
    pair.fallAsleep(1);
    assert.equal(heartbeats.hasRoomFor(third), true);
    pair.fallAsleep(2);
    assert.equal(heartbeats.hasRoomFor(third), false);
    pair.wakeUp(1);
    assert.equal(heartbeats.hasRoomFor(third), true);
  });
});
