import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { majorityConfiguration } from '@quorate/schema';
import { ConfigurationHistory } from '../../src/membership/configuration-history.ts';
import { isVoter, membersOf } from '../../src/membership/members.ts';
import { configurationOf } from '../support/messages.ts';

const first = configurationOf([1, 2, 3]);
const second = configurationOf([1, 2, 3, 4]);
const third = configurationOf([2, 3, 4]);

function history(): ConfigurationHistory {
  const configurations = new ConfigurationHistory(5, first);
  configurations.appended(10, second);
  configurations.appended(20, third);
  return configurations;
}

describe('the configurations of a log', () => {
  it('are in force from the index they were appended at', () => {
    const configurations = history();
    assert.equal(configurations.current, third);
    assert.equal(configurations.currentIndex, 20);
    assert.equal(configurations.at(5), first);
    assert.equal(configurations.at(9), first);
    assert.equal(configurations.at(10), second);
    assert.equal(configurations.at(19), second);
    assert.equal(configurations.at(99), third);
  });

  it('revert when their entry is truncated', () => {
    const configurations = history();
    configurations.truncatedAfter(20);
    assert.equal(configurations.current, third);
    configurations.truncatedAfter(19);
    assert.equal(configurations.current, second);
    configurations.truncatedAfter(0);
    assert.equal(configurations.current, first, "the snapshot's stays");
    assert.equal(configurations.currentIndex, 5);
  });

  it('before a snapshot are forgotten, but for the one in force there', () => {
    const configurations = history();
    configurations.compactedTo(10);
    assert.throws(() => configurations.at(9), /is known/);
    configurations.compactedTo(15);
    assert.equal(configurations.at(15), second);
    assert.equal(configurations.current, third);
    assert.throws(() => configurations.at(9), /is known/);
    configurations.truncatedAfter(15);
    assert.equal(configurations.current, second);
  });

  it('are all superseded by a snapshot, uncommitted ones too (bug 19)', () => {
    const configurations = history();
    configurations.reset(12, first);
    assert.equal(configurations.current, first);
    configurations.appended(13, second);
    assert.equal(configurations.current, second);
  });

  it('come in order', () => {
    assert.throws(() => history().appended(20, first), /in order/);
  });
});

describe('members', () => {
  const joint = {
    ...majorityConfiguration([3, 1], [7]),
    votersOutgoing: [1, 2],
    learnersNext: [2],
    autoLeave: true,
  };

  it('are everyone named, once, ascending', () => {
    assert.deepEqual(membersOf(joint), [1, 2, 3, 7]);
  });

  it('vote when they are in either half', () => {
    assert.deepEqual(
      [1, 2, 3, 7, 9].map((id) => isVoter(joint, id)),
      [true, true, true, false, false],
    );
  });
});
