import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import { codeOf, group, type Outcome, ReachingCluster } from './support/reaching-cluster.ts';

describe('a group that is elsewhere', () => {
  it('takes commands from any node, and answers its queries', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4, 5], [1, 2, 3]);
    const outside = cluster.host(4).reach(group);
    assert.equal(outside.place, 'unknown');
    for (const [at, id] of [4, 5, 1, 4].entries()) {
      const { error, applied } = cluster.propose(id, `c${at}`);
      assert.equal(error, null);
      assert.equal(applied?.result, at + 1);
      assert.ok((applied?.index ?? 0) > 0);
    }
    assert.equal(outside.place, 'elsewhere');
    assert.equal(cluster.host(1).reach(group).place, 'here');
    for (const id of [1, 4, 5]) {
      for (const consistency of ['linearizable', 'lease', 'bounded', 'local'] as const) {
        const { answer } = cluster.query(id, 'all', { consistency, maxStalenessMs: 500.5 });
        if (consistency === 'linearizable') assert.equal(answer, 'c0 c1 c2 c3');
        else assert.match(answer ?? '', /^c0 c1/);
      }
    }
    assert.deepEqual(cluster.lists.get(4)?.commands, [], 'there is no copy here');
  });

  it('says what is wrong with a query, and not a word of what it cannot send', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    const unknown = cluster.query(4, 'nonsense');
    assert.equal(codeOf(unknown), 'HOST_QUERY_FAILED');
    assert.match(unknown.error?.message ?? '', /there is no query nonsense/);
    const much = cluster.query(4, 'much');
    assert.match(much.error?.message ?? '', /the answer has 67108864 bytes/);
    const large = cluster.propose(4, 'x'.repeat(2 * 1024 * 1024));
    assert.equal(codeOf(large), 'RUNTIME_COMMAND_TOO_LARGE');
  });

  it('is found anew when members die, as long as a majority is left', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    assert.equal(codeOf(cluster.propose(4, 'a')), 'done');
    const { leader } = cluster;
    cluster.close(leader);
    assert.equal(codeOf(cluster.propose(4, 'b')), 'done');
    assert.equal(cluster.query(4).answer, 'a b');
    cluster.close(cluster.leader);
    assert.equal(codeOf(cluster.propose(4, 'c')), 'RUNTIME_NO_LEADER');
    assert.equal(codeOf(cluster.query(4)), 'RUNTIME_READ_TIMEOUT');
    assert.equal(cluster.query(4, 'all', { consistency: 'local' }).answer, 'a b');
    cluster.open(leader);
    cluster.room.run(4000);
    assert.equal(codeOf(cluster.propose(4, 'd')), 'done');
    assert.deepEqual(cluster.commands(), ['a', 'b', 'd']);
  });

  it('has an unknown outcome where an answer was lost, and is not asked again', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    assert.equal(codeOf(cluster.propose(4, 'a')), 'done');
    const outcomes: Outcome[] = [];
    for (let round = 0; round < 10; round++) {
      outcomes.push(cluster.begin(4, `b${round}`));
      cluster.room.run(round / 4);
      for (const member of [1, 2, 3]) cluster.room.network.breakConnection(4, member);
    }
    const lost = outcomes.map((outcome) => codeOf(cluster.wait(outcome)));
    assert.ok(lost.includes('RUNTIME_OUTCOME_UNKNOWN'), lost.join(' '));
    const kept = cluster.commands();
    assert.equal(new Set(kept).size, kept.length, 'nothing twice');
    for (const [round, code] of lost.entries()) {
      if (code === 'done') assert.ok(kept.includes(`b${round}`));
    }
  });

  it('is asked only so much at a time', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    const outcomes = Array.from({ length: 1000 }, (_, at) => cluster.begin(4, `c${at}`));
    for (const outcome of outcomes) assert.equal(codeOf(cluster.wait(outcome)), 'done');
    assert.equal(cluster.commands().length, 1000);
  });

  it('refuses what would wait without bound', () => {
    const tuning = { maxUncommittedBytes: 1000 };
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3], tuning);
    const outcomes = Array.from({ length: 20 }, () => cluster.begin(4, 'c'.repeat(100)));
    const codes = outcomes.map((outcome) => codeOf(cluster.wait(outcome)));
    assert.ok(codes.includes('done') && codes.includes('RUNTIME_OVERLOADED'), codes.join(' '));
    assert.equal(cluster.commands().length, codes.filter((code) => code === 'done').length);
  });

  it('tells those who wait when this node closes', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    for (const id of [1, 2, 3]) cluster.close(id);
    const waiting = cluster.begin(4, 'c');
    cluster.room.run(300);
    cluster.close(4);
    assert.equal(codeOf(cluster.wait(waiting)), 'RUNTIME_STOPPING');
  });
});

describe('a member that is removed', () => {
  const remove = (cluster: ReachingCluster, id: number, asked: number): Outcome =>
    cluster.asked((done) =>
      cluster.host(asked).changeMembers(group, [{ kind: 'remove', id }], 20_000, done),
    );

  it('loses nothing that was under way when it was released before', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    const leaving = cluster.leader === 1 ? 2 : 1;
    const { address } = cluster.host(leaving);
    const before = Array.from({ length: 50 }, (_, at) => cluster.begin(leaving, `b${at}`));
    let isReleased = false;
    cluster.host(4).release(address, group, 5000, (error) => {
      assert.equal(error, null);
      isReleased = true;
    });
    while (!isReleased) cluster.room.run(1);
    for (const outcome of before) assert.equal(codeOf(outcome), 'done', 'nothing is under way');
    assert.notEqual(cluster.host(leaving).reach(group).place, 'here');
    const meanwhile = Array.from({ length: 50 }, (_, at) => cluster.begin(leaving, `m${at}`));
    assert.equal(codeOf(remove(cluster, leaving, 4)), 'done');
    for (const outcome of meanwhile) assert.equal(codeOf(cluster.wait(outcome)), 'done');
    assert.equal(codeOf(cluster.propose(leaving, 'after')), 'done');
    assert.equal(cluster.commands().length, 101);
    assert.ok(cluster.query(leaving).answer?.endsWith('after'));
  });

  it('while it was away asks the others, once they have told it', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    const leaving = cluster.leader === 1 ? 2 : 1;
    cluster.close(leaving);
    cluster.room.run(3000);
    assert.equal(codeOf(remove(cluster, leaving, 4)), 'done');
    cluster.room.run(5000);
    cluster.open(leaving);
    const { voters } = cluster.host(leaving).group(group).status().configuration;
    assert.ok(voters.includes(leaving), 'it does not know');
    assert.equal(codeOf(cluster.propose(leaving, 'back')), 'done');
    assert.equal(cluster.query(leaving).answer, 'back');
  });

  it('that was released and is not removed answers for itself again', () => {
    const cluster = new ReachingCluster([1, 2, 3, 4], [1, 2, 3]);
    const member = cluster.leader === 1 ? 2 : 1;
    const { address } = cluster.host(member);
    const released = cluster.asked((done) => cluster.host(4).release(address, group, 5000, done));
    assert.equal(codeOf(released), 'done');
    assert.notEqual(cluster.host(member).reach(group).place, 'here');
    cluster.room.run(31_000);
    assert.equal(cluster.host(member).reach(group).place, 'here');
  });
});

describe('a node that a group is moved to', () => {
  it('is introduced to members it has never heard of, and takes the group over', () => {
    const cluster = new ReachingCluster([1, 2, 3], [1, 2, 3]);
    assert.equal(codeOf(cluster.propose(1, 'before')), 'done');
    // It knows nobody but an address to ask.
    const own = { host: 'node9', port: 7000 };
    const contacts = [{ host: 'node2', port: 7000 }];
    cluster.open(9, { members: new Map([[9, own]]), contacts });
    assert.equal(codeOf(cluster.propose(9, 'from outside')), 'done');
    const met: string[] = [];
    const members = [1, 2, 3].map((id) => ({ id, address: `node${id}:7000` }));
    const introduced = cluster.asked((done) =>
      cluster.host(1).introduce(own, group, members, 5000, (error, node) => {
        met.push(`${node?.id} at ${node?.address}`);
        done(error);
      }),
    );
    assert.equal(codeOf(introduced), 'done');
    assert.deepEqual(met, ['9 at node9:7000']);
    const member = { address: 'node9:7000', promote: true };
    const added = cluster.asked((done) =>
      cluster.host(1).changeMembers(group, [{ kind: 'addLearner', id: 9, member }], 20_000, done),
    );
    assert.equal(codeOf(added), 'done');
    cluster.room.run(5000);
    assert.equal(cluster.host(9).reach(group).place, 'here');
    assert.deepEqual(cluster.commands(), ['before', 'from outside']);
  });

  it('is not introduced by anyone who is not there', () => {
    const cluster = new ReachingCluster([1, 2, 3], [1, 2, 3]);
    const nobody = { host: 'node8', port: 7000 };
    const introduced = cluster.asked((done) =>
      cluster.host(1).introduce(nobody, group, [{ id: 1, address: 'node1:7000' }], 1000, done),
    );
    assert.equal(codeOf(introduced), 'HOST_CLUSTER_UNREACHABLE');
  });
});

describe('under faults of all kinds', () => {
  it('what is acknowledged is there once, what is refused is not, the rest at most once', () => {
    for (let seed = 1; seed <= 12; seed++) play(seed);
  });
});

/** Nodes inside and outside propose while links break, stall, and members come and go. */
function play(seed: number): void {
  const prng = new Prng(seed);
  const ids = [1, 2, 3, 4, 5];
  const cluster = new ReachingCluster(ids, [1, 2, 3]);
  const { network } = cluster.room;
  const outcomes = new Map<string, Outcome>();
  for (let round = 0; round < 60; round++) {
    for (let left = prng.below(6); left > 0; left--) {
      const command = `c${outcomes.size}`;
      outcomes.set(command, cluster.begin(prng.pick([...cluster.hosts.keys()]), command));
    }
    const [a, b] = [prng.pick(ids), prng.pick(ids)];
    const fault = prng.below(10);
    if (fault < 3) network.breakConnection(a, b);
    else if (fault < 5 && a !== b) network.partition(a, b, { mode: 'stall' });
    else if (fault < 7) network.heal();
    else if (fault < 8) change(cluster, prng);
    else if (fault < 9 && cluster.hosts.size > 4)
      cluster.close(prng.pick([...cluster.hosts.keys()]));
    else for (const id of ids) if (!cluster.hosts.has(id)) cluster.open(id);
    cluster.room.run(prng.below(400));
  }
  network.heal();
  for (const id of ids) if (!cluster.hosts.has(id)) cluster.open(id);
  cluster.room.run(20_000);
  const kept = cluster.commands();
  assert.equal(new Set(kept).size, kept.length, `seed ${seed}: nothing twice`);
  for (const [command, outcome] of outcomes) {
    const code = codeOf(outcome);
    assert.notEqual(code, 'no outcome', `seed ${seed}: ${command}`);
    if (code === 'RUNTIME_OUTCOME_UNKNOWN') continue;
    assert.equal(kept.includes(command), code === 'done', `seed ${seed}: ${command} ${code}`);
  }
}

/** Somebody outside comes in, or somebody inside goes; what is refused is refused. */
function change(cluster: ReachingCluster, prng: Prng): void {
  const id = 1 + prng.below(5);
  const asked = prng.pick([...cluster.hosts.keys()]);
  const status = cluster.host(asked).group(group).status();
  const { voters } = status.configuration;
  const member = { address: `node${id}:7000`, promote: true };
  const step = voters.includes(id)
    ? ({ kind: 'remove', id } as const)
    : ({ kind: 'addLearner', id, member } as const);
  if (step.kind === 'remove' && voters.length < 3) return;
  cluster.host(asked).changeMembers(group, [step], 3000, () => undefined);
}
