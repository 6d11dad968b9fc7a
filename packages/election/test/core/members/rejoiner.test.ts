import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@quorate/base';
import type { GroupStatus } from '@quorate/runtime';
import { majorityConfiguration } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import { Rejoiner, type ToldMembers } from '../../../src/core/index.ts';

const electionTimeoutMs = 200;
const long = 30 * electionTimeoutMs;

/** Node 4, which believes that it votes with four others. */
class FakePart {
  readonly scheduler = new Scheduler();
  readonly rejoiner: Rejoiner;
  leader = 1;
  voters: readonly number[] = [1, 2, 3, 4, 5];
  learners: readonly number[] = [];
  configurationIndex = 5;
  commitIndex = 7;
  lastIndex = 9;
  mayRejoin = true;
  /** What a leader would say; null: none answers. */
  members: ToldMembers | null = null;
  joinError: Error | null = null;
  answers = true;
  looks = 0;
  joins = 0;
  readonly told: string[] = [];
  readonly #listeners: (() => void)[] = [];

  constructor(given: Partial<Pick<FakePart, 'leader' | 'lastIndex' | 'mayRejoin'>> = {}) {
    Object.assign(this, given);
    this.rejoiner = new Rejoiner({
      node: 4,
      group: {
        status: () => this.#status(),
        onLeadership: (listener) => void this.#listeners.push(() => listener(this.#status())),
      },
      clock: { monotonicMs: () => this.scheduler.nowMs },
      timers: { after: (delayMs, callback) => this.scheduler.schedule(delayMs, callback) },
      prng: new Prng(1),
      timing: { electionTimeoutMs },
      mayRejoin: () => this.mayRejoin,
      look: (done) => {
        this.looks += 1;
        if (this.answers) this.scheduler.schedule(10, () => done(this.members));
      },
      join: (done) => {
        this.joins += 1;
        this.scheduler.schedule(10, () => done(this.joinError));
      },
      told: (membership, error) => void this.told.push(error?.message ?? membership),
    });
  }

  #status(): GroupStatus {
    const { leader, lastIndex, commitIndex, configurationIndex, voters, learners } = this;
    return {
      group: 1,
      node: 4,
      role: 'follower',
      term: 3,
      leader,
      lastIndex,
      commitIndex,
      appliedIndex: commitIndex,
      configuration: { ...majorityConfiguration(voters), learners },
      configurationIndex,
      repairing: false,
    };
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  hearsOf(leader: number): void {
    this.leader = leader;
    for (const listener of this.#listeners) listener();
  }
}

const withoutIt = { index: 12, members: [1, 2, 3] };

describe('a node that was removed while it was away', () => {
  it('finds out from a leader, asks to be taken in, and is a member once it is', () => {
    const part = new FakePart({ leader: 0 });
    part.members = withoutIt;
    part.run(5 * electionTimeoutMs);
    assert.equal(part.looks, 0);
    part.run(2 * electionTimeoutMs);
    assert.deepEqual([part.looks, part.joins], [1, 1]);
    assert.equal(part.rejoiner.membership, 'rejoin');
    part.hearsOf(1);
    assert.equal(part.rejoiner.membership, 'member');
    assert.deepEqual(part.told, ['rejoin', 'member']);
    part.run(long);
    assert.deepEqual([part.looks, part.joins], [1, 1]);
  });

  it('asks again and again, with pauses, and tells why it was refused', () => {
    const part = new FakePart({ leader: 0 });
    part.members = withoutIt;
    part.joinError = new Error('not now');
    part.run(6 * electionTimeoutMs + long);
    assert.ok(part.joins >= 3 && part.joins <= 6, `${part.joins}`);
    assert.equal(part.told[0], 'rejoin');
    assert.equal(part.told[1], 'not now');
    assert.equal(part.rejoiner.membership, 'rejoin');
  });

  it('asks at once when its own log says that it was removed', () => {
    const part = new FakePart();
    part.members = withoutIt;
    part.voters = [1, 2, 3];
    part.run(electionTimeoutMs + 20);
    assert.equal(part.joins, 1);
    assert.equal(part.rejoiner.membership, 'rejoin');
    part.learners = [4];
    part.run(electionTimeoutMs);
    assert.equal(part.rejoiner.membership, 'member');
  });

  it('asks also after its log has got a configuration that was never committed', () => {
    const part = new FakePart({ leader: 0 });
    part.configurationIndex = 20;
    part.lastIndex = 20;
    part.members = withoutIt;
    part.run(long);
    assert.equal(part.rejoiner.membership, 'rejoin');
  });

  it('stays out when it may not come back, and when it has nothing of the log', () => {
    for (const given of [{ mayRejoin: false }, { lastIndex: 0 }]) {
      const part = new FakePart({ leader: 0, ...given });
      part.members = withoutIt;
      part.run(long);
      assert.equal(part.joins, 0);
      assert.deepEqual(part.told, ['out']);
      // Somebody has added it.
      part.hearsOf(1);
      assert.equal(part.rejoiner.membership, 'member');
    }
  });
});

describe('a node that knows no leader', () => {
  it('does not take itself for removed when nobody says so, or only who knows less', () => {
    const answers = [
      null,
      { index: 12, members: [1, 2, 3, 4] },
      { index: 4, members: [1, 2, 3] },
    ] as const;
    for (const answer of answers) {
      const part = new FakePart({ leader: 0 });
      part.members = answer;
      part.run(long);
      assert.ok(part.looks > 1);
      assert.deepEqual([part.joins, part.told, part.rejoiner.membership], [0, [], 'member']);
    }
  });

  it('does not ask while elections come and go', () => {
    const part = new FakePart({ leader: 0 });
    for (let at = 0; at < 20; at++) {
      part.run(5 * electionTimeoutMs);
      part.hearsOf(1);
      part.hearsOf(0);
    }
    assert.equal(part.looks, 0);
  });

  it('asks one question at a time, and none once it is closed', () => {
    const part = new FakePart({ leader: 0 });
    part.answers = false;
    part.run(long);
    assert.equal(part.looks, 1);
    const closed = new FakePart({ leader: 0 });
    closed.members = withoutIt;
    closed.run(6 * electionTimeoutMs + 5);
    assert.equal(closed.looks, 1);
    closed.rejoiner.close();
    closed.run(long);
    assert.deepEqual([closed.looks, closed.joins], [1, 0]);
  });
});
