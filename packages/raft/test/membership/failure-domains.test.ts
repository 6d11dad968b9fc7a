import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import { classIndex } from '../../src/membership/failure-domains.ts';
import { entries } from '../support/messages.ts';
import { persistAll, progressOf, settledLeader } from '../support/settled-leader.ts';

function at(localities: readonly string[], witnesses: readonly number[] = []): Configuration {
  const unknown = { incarnation: 0, address: '', priority: 0, promote: false };
  return {
    ...majorityConfiguration(localities.map((_, id) => id + 1)),
    members: localities.map((locality, index) => ({
      ...unknown,
      id: index + 1,
      locality,
      witness: witnesses.includes(index + 1),
    })),
  };
}

/** Up to where the class is reached when node 1 has 9 entries and the others these many. */
function reached(
  configuration: Configuration,
  matches: readonly number[],
  [depth, domains]: readonly [depth: number, domains: number],
): number | null {
  const { replica, role } = settledLeader(configuration);
  replica.append(entries(2, 9, 1));
  persistAll(replica);
  for (const [index, match] of matches.entries()) progressOf(role, index + 2).matchIndex = match;
  return classIndex(replica, role, configuration, { depth, domains });
}

describe('a class of failure domains is reached', () => {
  const regions = at(['eu/de', 'eu/fr', 'us/va', 'us/or', 'asia/jp']);
  const cities: [matches: number[], depth: number, domains: number, index: number | null][] = [
    [[8, 4, 6, 2], 1, 1, 9],
    [[8, 4, 6, 2], 1, 2, 6],
    [[8, 4, 6, 2], 1, 3, 2],
    [[8, 4, 6, 2], 1, 4, null],
    [[1, 2, 3, 8], 1, 2, 8],
    [[8, 4, 6, 2], 2, 1, 9],
    [[8, 4, 6, 2], 2, 2, 8],
    [[8, 4, 6, 2], 2, 5, 2],
    [[8, 4, 6, 2], 3, 1, null],
    [[8, 4, 6, 2], 1, 0, Number.POSITIVE_INFINITY],
  ];
  for (const [matches, depth, domains, index] of cities) {
    it(`at depth ${depth} in ${domains} of them up to ${index}`, () => {
      assert.equal(reached(regions, matches, [depth, domains]), index);
    });
  }

  it('where it is known in which domain a node is', () => {
    assert.equal(reached(at(['eu', '', 'us']), [8, 4], [1, 2]), 4);
    assert.equal(reached(at(['eu', '', '']), [8, 4], [1, 2]), null);
    const unknown = { ...majorityConfiguration([1, 2, 3]), members: at(['eu']).members };
    assert.equal(reached(unknown, [8, 4], [1, 2]), null);
  });

  it('where names that look alike only when run together are different domains', () => {
    assert.equal(reached(at(['a/bc', 'ab/c']), [8], [2, 2]), 8);
  });

  it('by those that hold data (rule 7)', () => {
    assert.equal(reached(at(['eu', 'us', 'us'], [2]), [8, 4], [1, 2]), 4);
  });

  it('by acknowledgements that count (rule 14)', () => {
    const configuration = at(['eu', 'us', 'us']);
    const { replica, role } = settledLeader(configuration);
    progressOf(role, 2).repairing = true;
    progressOf(role, 3).matchIndex = 0;
    assert.equal(classIndex(replica, role, configuration, { depth: 1, domains: 2 }), 0);
    const wider = at(['eu', 'us', 'us', 'asia']);
    assert.equal(classIndex(replica, role, wider, { depth: 1, domains: 3 }), 0, 'unknown yet');
  });
});
