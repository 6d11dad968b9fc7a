import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { silentLogger } from '@quorate/base';
import { MembershipWatch, type MembershipWatchParts } from '../../src/joining/membership-watch.ts';

const nodeId = 4;
const group = 1;

interface Told {
  readonly from: number;
  readonly isLeader: boolean;
  readonly index: number;
  readonly members: readonly number[];
}

/** A node that looks around by a clock of the test. */
class Watching {
  status = { leader: 0, role: 'follower', commitIndex: 5, configurationIndex: 5 };
  /** What the others say. */
  told: readonly Told[] = [];
  removals = 0;
  asked = 0;
  #nowMs = 1000;

  constructor(context: TestContext) {
    mock.timers.enable({ apis: ['setInterval'] });
    mock.method(performance, 'now', () => this.#nowMs);
    context.after(() => {
      mock.timers.reset();
      mock.restoreAll();
    });
    const host = {
      nodeId,
      incarnation: 7,
      group: () => ({ status: () => this.status }),
      meet: () => undefined,
      survey: (_group: number, done: (survey: object) => void) => {
        this.asked += 1;
        done(this.#survey());
      },
    } as unknown as MembershipWatchParts['host'];
    const removed = (): void => {
      this.removals += 1;
    };
    const logger = silentLogger;
    new MembershipWatch({ host, group, electionTimeoutMs: 500, logger, removed }).start();
  }

  /** As the surveyor merges it: the newest of all, and what leaders said. */
  #survey(): object {
    const described = this.told.map(({ index, members, from, isLeader }) => {
      const listed = members.map((id) => ({ id, address: `n${id}:1`, role: 'voter' }));
      return { id: group, index, leader: isLeader ? from : 0, members: listed, isLeader };
    });
    const newest = described.toSorted((a, b) => b.index - a.index)[0];
    const led = described.find(({ isLeader }) => isLeader);
    return {
      groups: new Map(newest === undefined ? [] : [[group, newest]]),
      confirmed: new Map(led === undefined ? [] : [[group, led]]),
      nodes: new Map(),
    };
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.#nowMs += 100;
      mock.timers.tick(100);
    }
  }
}

const leaderSays = (members: readonly number[], index = 5): Told => {
  return { from: 1, isLeader: true, index, members };
};

test('who was taken in and is left out by the log is removed at once', (context) => {
  const watching = new Watching(context);
  watching.pass(1000);
  watching.status = { leader: 1, role: 'removed', commitIndex: 8, configurationIndex: 9 };
  watching.pass(1000);
  assert.equal(watching.removals, 0, 'it is not committed');
  watching.status = { leader: 1, role: 'removed', commitIndex: 9, configurationIndex: 9 };
  watching.pass(1000);
  assert.equal(watching.removals, 1);
  watching.pass(60_000);
  assert.equal(watching.removals, 1);
});

test('an addition that was overwritten is no removal', (context) => {
  const watching = new Watching(context);
  watching.status = { leader: 0, role: 'removed', commitIndex: 2, configurationIndex: 1 };
  watching.told = [leaderSays([1, 2, 3, nodeId])];
  watching.pass(2000);
  watching.status = { leader: 1, role: 'learner', commitIndex: 2, configurationIndex: 3 };
  watching.pass(2000);
  watching.status = { leader: 0, role: 'removed', commitIndex: 2, configurationIndex: 1 };
  watching.pass(20_000);
  assert.equal(watching.removals, 0);
});

test('one that was down is removed when leaders leave it out for long', (context) => {
  const watching = new Watching(context);
  watching.told = [leaderSays([1, 2, 3], 9)];
  watching.pass(2000);
  assert.equal(watching.asked, 0, 'there may be a leader in a moment');
  watching.pass(1900);
  assert.equal(watching.removals, 0, 'it may be a leader of long ago');
  // Another leader lists it, and then none does any more.
  watching.told = [leaderSays([1, 2, 3, nodeId], 9)];
  watching.pass(1000);
  watching.told = [leaderSays([1, 2, 3], 10)];
  watching.pass(2000);
  assert.equal(watching.removals, 0);
  watching.pass(3000);
  assert.equal(watching.removals, 1);
});

test('only what a leader says counts, however new the rest is', (context) => {
  const watching = new Watching(context);
  // A removal that never came about, at a node that led once.
  const stale: Told = { from: 2, isLeader: false, index: 99, members: [1, 2, 3] };
  watching.told = [stale];
  watching.pass(20_000);
  assert.equal(watching.removals, 0);
  watching.told = [stale, leaderSays([1, 2, 3, nodeId])];
  watching.pass(20_000);
  assert.equal(watching.removals, 0);
  watching.told = [stale, leaderSays([1, 2, 3])];
  watching.pass(20_000);
  assert.equal(watching.removals, 1);
});

test('nobody asks while there is a leader', (context) => {
  const watching = new Watching(context);
  watching.status = { ...watching.status, leader: 1 };
  watching.told = [leaderSays([1, 2, 3])];
  watching.pass(60_000);
  assert.deepEqual([watching.asked, watching.removals], [0, 0]);
});
