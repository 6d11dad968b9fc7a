import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import { answerDurabilityWaits } from '../../src/reads/durability-waits.ts';
import { entry } from '../support/messages.ts';
import { persistAll, progressOf, settledLeader } from '../support/settled-leader.ts';

/** Five voters in three regions; the first two in two of them. */
const regions: Configuration = {
  ...majorityConfiguration([1, 2, 3, 4, 5]),
  members: ['eu', 'us', 'eu', 'us', 'asia'].map((locality, at) => ({
    id: at + 1,
    locality,
    incarnation: 0,
    address: '',
    priority: 0,
    witness: false,
    promote: false,
  })),
};

const twoRegions = { depth: 1, domains: 2 };

describe('a wait for durability in two regions', () => {
  it('is not answered before the entry is committed, wherever it is', () => {
    const { replica, role } = settledLeader(regions);
    replica.append([entry(2, 1)]);
    persistAll(replica);
    progressOf(role, 2).acknowledged(2, 0);
    role.durabilityWaits.add({ from: 1, context: 4, index: 2, durability: twoRegions, askedMs: 0 });
    answerDurabilityWaits(replica, role);
    assert.deepEqual(replica.durabilityAnswers, []);
    replica.commitTo(2);
    answerDurabilityWaits(replica, role);
    assert.deepEqual(replica.durabilityAnswers, [{ context: 4, reached: true }]);
  });

  it('is answered to the member that asked', () => {
    const { replica, role } = settledLeader(regions);
    role.durabilityWaits.add({ from: 3, context: 4, index: 1, durability: twoRegions, askedMs: 0 });
    role.durabilityWaits.add({
      from: 3,
      context: 5,
      index: 1,
      durability: { depth: 1, domains: 4 },
      askedMs: 0,
    });
    answerDurabilityWaits(replica, role);
    const answer = { type: 'DurabilityReached', from: 1, to: 3, term: 1 };
    assert.deepEqual(replica.outbox.take(), [
      { ...answer, context: 4, reached: true },
      { ...answer, context: 5, reached: false },
    ]);
    assert.deepEqual(replica.durabilityAnswers, []);
  });
});
