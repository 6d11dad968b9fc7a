import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import type { Configuration, Entry } from '@quorate/schema';
import { EntryKind, encodeConfiguration } from '@quorate/schema';
import type { NodeContacts } from '../src/contract/node-contacts.ts';
import { bootstrapState } from '../src/options.ts';
import type { Replica } from '../src/replica.ts';
import { electionTimeoutMs } from './support/cluster.ts';
import { configurationOf, entries, entry, heartbeat, snapshotOf } from './support/messages.ts';
import { recoveredReplica } from './support/recovered-replica.ts';
import { newReplica, persistAll } from './support/settled-leader.ts';

const three = configurationOf([1, 2, 3]);

function change(index: number, term: number, configuration: Configuration): Entry {
  const data = encodeConfiguration(configuration);
  return { ...entry(index, term), kind: EntryKind.configuration, data };
}

describe('a replica that starts', () => {
  it('anew writes what it begins with before it promises anything', () => {
    const replica = newReplica();
    replica.promise(heartbeat(1, 2, 0));
    assert.deepEqual(replica.outbox.take(), []);
    assert.deepEqual(replica.takeWrite(), {
      id: 1,
      hardState: { term: 0, votedFor: 0, commitIndex: 0 },
      truncateAfter: null,
      entries: [],
      snapshot: bootstrapState(three).snapshot,
      logStart: { index: 0, term: 0 },
    });
    assert.equal(replica.takeWrite(), null);
  });

  it('from a disk has nothing to write, and may promise at once', () => {
    const replica = recoveredReplica();
    assert.equal(replica.takeWrite(), null);
    replica.promise(heartbeat(1, 2, 3));
    assert.equal(replica.outbox.take().length, 1);
    assert.deepEqual([replica.currentTerm, replica.votedFor], [3, 2]);
    const { commitIndex, handedIndex, appliedIndex } = replica;
    assert.deepEqual([commitIndex, handedIndex, appliedIndex], [6, 4, 4]);
    assert.equal(replica.durability.durableIndex, 10);
    assert.deepEqual([replica.role.kind, replica.verifiedIndex], ['follower', 6]);
  });

  it('believes of its commit index what its log and snapshot bear out', () => {
    const at = (commitIndex: number): number =>
      recoveredReplica({ hardState: { term: 3, votedFor: 0, commitIndex } }).commitIndex;
    assert.deepEqual([at(0), at(4), at(9), at(99)], [4, 4, 9, 10]);
  });

  it('has an empty log behind a snapshot that the log does not reach', () => {
    const replica = recoveredReplica({ entries: entries(3, 3, 1) });
    assert.deepEqual(replica.log.start, snapshotOf(4, 1, [1, 2, 3]));
    assert.equal(replica.log.lastIndex, 4);
    assert.equal(replica.durability.durableIndex, 4);
    assert.equal(replica.takeWrite(), null);
  });

  it('keeps a log that ends where its snapshot does', () => {
    const { log } = recoveredReplica({ entries: entries(3, 4, 1) });
    assert.deepEqual([log.start.index, log.lastIndex], [2, 4]);
  });

  it('draws a life that is not 0', () => {
    const lives = [1, 2, 3].map((seed) => newReplica(three, { prng: new Prng(seed) }).life);
    assert.equal(new Set(lives).size, 3);
    assert.ok(lives.every((life) => Number.isSafeInteger(life) && life > 0));
  });

  it('campaigns after a silence of one to two election timeouts', () => {
    for (let seed = 1; seed < 20; seed++) {
      const { electionDeadlineMs } = newReplica(three, { prng: new Prng(seed) });
      assert.ok(electionDeadlineMs >= electionTimeoutMs);
      assert.ok(electionDeadlineMs < 2 * electionTimeoutMs);
    }
  });
});

describe('a promise', () => {
  it('is held until the term and the vote it rests on are durable', () => {
    for (const before of [
      (replica: Replica) => replica.adoptTerm(4),
      (replica: Replica) => {
        replica.adoptTerm(4);
        persistAll(replica);
        replica.voteFor(2);
      },
    ]) {
      const replica = recoveredReplica();
      before(replica);
      replica.promise(heartbeat(1, 2, 4));
      assert.deepEqual(replica.outbox.take(), []);
      const write = replica.takeWrite();
      assert.equal(write?.hardState?.term, 4);
      replica.durability.persisted(write.id);
      assert.deepEqual(replica.outbox.release(write.id), []);
      assert.deepEqual(replica.outbox.take(), [heartbeat(1, 2, 4)]);
    }
  });

  it('to oneself is held too, and comes back', () => {
    const replica = recoveredReplica();
    replica.promise(heartbeat(1, 1, 3));
    assert.deepEqual(replica.outbox.take(), []);
    assert.deepEqual(replica.outbox.release(0), [heartbeat(1, 1, 3)]);
  });

  it('of a vote is given once, and a new term takes it back', () => {
    const replica = recoveredReplica();
    replica.voteFor(2);
    assert.equal(replica.takeWrite(), null, 'it is durable already');
    assert.throws(() => replica.voteFor(3), /one vote a term/);
    replica.cancelledRound = 7;
    replica.adoptTerm(4);
    assert.deepEqual([replica.votedFor, replica.cancelledRound], [0, 0]);
    assert.throws(() => replica.adoptTerm(4), /terms only rise/);
    replica.voteFor(3);
    assert.equal(replica.votedFor, 3);
  });
});

describe('loyalty', () => {
  const since: Record<string, (replica: Replica) => void> = {
    'it started': () => undefined,
    'a leader was heard': (replica) => {
      replica.lastLeaderContactMs = 5000;
    },
    'the node of the leader was heard, while it sleeps': (replica) => {
      const contacts: NodeContacts = {
        heardMs: (node) => (node === 2 ? 5000 : 0),
        supportedAtMs: () => 0,
      };
      replica.leaderId = 2;
      replica.asleepUnder = contacts;
    },
  };
  for (const [what, arrange] of Object.entries(since)) {
    it(`lasts for an election timeout since ${what}`, () => {
      const replica = what === 'it started' ? recoveredReplica() : newReplica();
      arrange(replica);
      replica.nowMs = 5000 + electionTimeoutMs - 1;
      assert.equal(replica.loyal, true);
      replica.nowMs += 1;
      assert.equal(replica.loyal, false);
    });
  }
});

describe('who may lead', () => {
  it('is a voter with data that remembers its promises', () => {
    assert.equal(recoveredReplica().canLead, true);
    assert.equal(recoveredReplica({ repairUntil: 11 }).canLead, false);
    const learner = snapshotOf(4, 1, [2, 3]);
    assert.equal(recoveredReplica({ snapshot: learner }).canLead, false);
    const withheld = { ...entry(11, 3), kind: EntryKind.withheld };
    const partly = recoveredReplica();
    partly.append([withheld]);
    assert.equal(partly.canLead, false);
    const another = newReplica(
      {
        ...three,
        members: [
          {
            id: 1,
            incarnation: 10,
            locality: '',
            address: '',
            priority: 0,
            witness: false,
            promote: false,
          },
        ],
      },
      { incarnation: 11 },
    );
    assert.deepEqual([another.mayVote, another.canLead], [false, false]);
  });
});

describe('a repair', () => {
  it('ends when the log is durable up to where it may have been, and does not begin again', () => {
    const replica = recoveredReplica({ repairUntil: 11 });
    replica.settleRepair();
    assert.deepEqual([replica.repairing, replica.mayVote], [true, false]);
    replica.append(entries(11, 11, 3));
    assert.equal(replica.repairing, true);
    persistAll(replica);
    assert.deepEqual([replica.repairing, replica.mayVote], [false, true]);
    replica.settleRepair();
    replica.truncateAfter(9);
    assert.equal(replica.repairing, false);
  });
});

describe('a change of part', () => {
  it('is told when the node’s own part changes, and not otherwise', () => {
    const replica = recoveredReplica();
    replica.append([change(11, 3, configurationOf([1, 2, 3, 4]))]);
    assert.equal(replica.leadership.length, 0);
    replica.append([change(12, 3, configurationOf([2, 3]))]);
    assert.deepEqual(replica.leadership, [{ term: 3, role: 'removed', leader: 0 }]);
    replica.truncateAfter(11);
    assert.equal(replica.leadership.at(-1)?.role, 'follower');
    replica.installSnapshot(snapshotOf(20, 3, [2, 3]));
    assert.equal(replica.leadership.at(-1)?.role, 'removed');
    assert.equal(replica.leadership.length, 3);
  });

  it('makes it wait anew for those of a higher priority', () => {
    const preferred = (priority: number): Configuration => ({
      ...three,
      members: [
        {
          id: 2,
          incarnation: 0,
          locality: '',
          address: '',
          priority,
          witness: false,
          promote: false,
        },
      ],
    });
    const replica = newReplica(preferred(9));
    assert.equal(replica.priorityFloor, 9);
    replica.priorityFloor = 0;
    replica.setRole(replica.role, 0);
    assert.equal(replica.priorityFloor, 0, 'nobody is known to lead');
    replica.setRole(replica.role, 3);
    assert.equal(replica.priorityFloor, 9);
    replica.adoptTerm(1);
    replica.append([change(1, 1, preferred(7))]);
    assert.equal(replica.priorityFloor, 7);
    assert.equal(newReplica(configurationOf([])).priorityFloor, 0);
  });
});
