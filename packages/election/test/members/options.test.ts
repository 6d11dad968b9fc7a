import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createElection, type ElectionOptions } from '../../src/index.ts';
import { LeaveMark } from '../../src/members/leave-mark.ts';
import { silent } from '../node/elections.ts';
import { refusal } from '../node/refusal.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';

const peers = { 1: '127.0.0.1:7001', 2: '127.0.0.1:7002', 3: '127.0.0.1:7003' };
const sound = { id: 1, peers, dataDir: null, log: silent };

type Given = Readonly<Record<string, unknown>>;

describe('options on members', () => {
  const cases: readonly (readonly [string, Given, string, RegExp])[] = [
    ['a number', { removeDead: 60_000 }, 'removeDead', /is 60000: give an object with afterMs/],
    ['an unknown key', { removeDead: { after: 1 } }, 'removeDead.after', /use one of afterMs, fl/],
    ['no wait', { removeDead: {} }, 'removeDead.afterMs', /is missing: say after how many/],
    ['text', { removeDead: { afterMs: '60s' } }, 'removeDead.afterMs', /is '60s', a string: give/],
    [
      'a wait that a restart takes',
      { removeDead: { afterMs: 1999 } },
      'removeDead.afterMs',
      /is 1999, less than 10 election timeouts: give at least 2000/,
    ],
    [
      'a floor that lets two part',
      { removeDead: { afterMs: 60_000, floor: 1 } },
      'removeDead.floor',
      /is 1, and two that lose each other would each go on alone: give at least 2/,
    ],
    [
      'a floor above all',
      { removeDead: { afterMs: 60_000, floor: 4 } },
      'removeDead.floor',
      /is 4, and there are 3 peers: give at most 3/,
    ],
    ['half a floor', { removeDead: { afterMs: 60_000, floor: 2.5 } }, 'removeDead.floor', /is 2.5/],
    ['rejoin of text', { rejoin: 'yes' }, 'rejoin', /is 'yes', a string: give true or false/],
  ];
  for (const [what, given, field, problem] of cases) {
    it(`are refused for ${what}, naming ${field}`, () =>
      refusal(
        createElection({ ...sound, ...given } as unknown as ElectionOptions),
        field,
        problem,
      ));
  }

  it('are taken with a floor of two, and with fewer peers than the usual floor', async () => {
    const alone = { id: 1, peers: { 1: '127.0.0.1:0' }, dataDir: null, log: silent };
    await using one = await createElection({ ...alone, removeDead: { afterMs: 60_000 } });
    assert.equal(one.health().membership, 'member');
    const two = { 1: '127.0.0.1:0', 2: '127.0.0.1:1' };
    const removeDead = { afterMs: 60_000, floor: 2 };
    await using another = await createElection({ ...alone, peers: two, removeDead, rejoin: false });
    assert.equal(another.health().failureTolerance, 0);
  });
});

describe('the mark of a node that leaves', () => {
  it('outlives the process, and is taken away when it is taken in again', () => {
    using directory = temporaryDirectory();
    const mark = new LeaveMark(directory.path);
    assert.equal(mark.state, null);
    mark.set('leaving');
    assert.equal(new LeaveMark(directory.path).state, 'leaving');
    mark.set('left');
    assert.equal(new LeaveMark(directory.path).state, 'left');
    mark.clear();
    mark.clear();
    assert.equal(new LeaveMark(directory.path).state, null);
  });

  it('keeps a node out when it cannot be read for what it is', () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'left'), '');
    assert.equal(new LeaveMark(directory.path).state, 'left');
  });

  it('is in memory only where all else is', () => {
    const mark = new LeaveMark(null);
    mark.set('left');
    assert.equal(mark.state, 'left');
    assert.equal(new LeaveMark(null).state, null);
  });
});
