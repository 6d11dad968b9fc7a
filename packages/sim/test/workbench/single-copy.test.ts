import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppliedEntry } from '@quorate/base';
import { prepareMachine } from '../../src/workbench/prepared-machine.ts';
import { Proposals } from '../../src/workbench/proposals.ts';
import { SingleCopy } from '../../src/workbench/single-copy.ts';
import { subjectOf } from '../../src/workbench/subject.ts';
import { type Add, addCommand, askCount, Counter } from './machines.ts';

const subject = subjectOf({
  create: () => new Counter(),
  commands: addCommand,
  queries: askCount,
});
const { encode } = prepareMachine(new Counter());
const first = { life: 1, isRestored: false };

function entryOf(index: number, command: Add): AppliedEntry {
  return { index, term: 1, timestampMicros: index, command: encode(command) };
}

function applied(count: number): { readonly kind: 'applied'; readonly result: number } {
  return { kind: 'applied', result: count };
}

/** It knows commands 2 and 5, which add 3 and 4. */
function copyOfTwo(): SingleCopy {
  const copy = new SingleCopy(subject);
  copy.compare(1, entryOf(2, { add: 3 }), applied(3), first);
  copy.compare(2, entryOf(5, { add: 4 }), applied(7), first);
  return copy;
}

describe('the copy that nothing happens to', () => {
  it('takes commands from whoever applies them first, and compares all others', () => {
    const copy = copyOfTwo();
    copy.compare(3, entryOf(2, { add: 3 }), applied(3), first);
    copy.acknowledged(5, encode({ add: 4 }), applied(7));
    assert.deepEqual([copy.applied, copy.lastIndex], [2, 5]);
    copy.replay();
  });

  it('finds another command, or another result, at an index', () => {
    const copy = copyOfTwo();
    assert.throws(
      () => copy.compare(3, entryOf(5, { add: 9 }), applied(12), first),
      /nodes 2 and 3 applied different commands at index 5/,
    );
    assert.throws(
      () => copy.compare(3, entryOf(4, { add: 1 }), applied(4), first),
      /node 3 applied command 4, \{"add":1\}, where no other replica had a command/,
    );
    assert.throws(
      () => copy.compare(3, entryOf(5, { add: 4 }), applied(4), { life: 2, isRestored: false }),
      /node 3 answered command 5, \{"add":4\}, with 4; a copy .* answers 7\. It is life 2 of/,
    );
  });

  it('finds acknowledgements of what was not applied, or not so', () => {
    const copy = copyOfTwo();
    assert.throws(
      () => copy.acknowledged(3, encode({ add: 1 }), applied(4)),
      /command 3, \{"add":1\}, was acknowledged, and nothing was applied there/,
    );
    assert.throws(
      () => copy.acknowledged(2, encode({ add: 1 }), applied(1)),
      /was acknowledged, and \{"add":3\} was applied there/,
    );
    assert.throws(
      () => copy.acknowledged(2, encode({ add: 3 }), applied(8)),
      /was acknowledged with 8, and was applied with 3/,
    );
  });

  it('finds wrong answers, at once or when the commands are gone through again', () => {
    const read = { node: 3, query: 'count' };
    const copy = copyOfTwo();
    copy.answered({ ...read, index: 5, answer: 7 });
    assert.throws(
      () => copy.answered({ ...read, index: 6, answer: 3 }),
      /node 3 answered query "count" with 3; by command 6 the answer is 7/,
    );
    copy.answered({ ...read, index: 4, answer: 3 });
    copy.answered({ ...read, index: 1, answer: 0 });
    copy.replay();
    copy.answered({ ...read, index: 4, answer: 7 });
    assert.throws(() => copy.replay(), /with 7; by command 4 the answer is 3/);
  });

  it('finds another state, by its path', () => {
    const copy = copyOfTwo();
    const other = prepareMachine(new Counter());
    other.apply([entryOf(2, { add: 2 })]);
    const draw = (): Uint8Array => {
      const chunks = [...{ [Symbol.iterator]: () => other.snapshot() }];
      return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    };
    copy.compareState(3, 4, first, draw);
    assert.throws(
      () => copy.compareState(3, 2, { life: 1, isRestored: true }, draw),
      /the state of node 3 at command 2, \{"add":3\}, .*: state\.count is 2 and 3\. Node 3 was/,
    );
  });
});

describe('proposals', () => {
  it('were applied at least as often as acknowledged, and no more often than they may', () => {
    const copy = copyOfTwo();
    const proposals = new Proposals();
    proposals.propose(encode({ add: 3 })).done();
    // Its outcome is unknown.
    proposals.propose(encode({ add: 4 }));
    proposals.propose(encode({ add: 5 }));
    proposals.check(copy);
    assert.equal(proposals.acknowledged, 1);
    proposals.propose(encode({ add: 3 })).done();
    assert.throws(
      () => proposals.check(copy),
      /command \{"add":3\} was applied 1 times; it was acknowledged 2 times/,
    );
  });

  it('that are known to have failed were not applied', () => {
    const copy = copyOfTwo();
    const proposals = new Proposals();
    proposals.propose(encode({ add: 4 })).refused('RUNTIME_NO_LEADER');
    assert.deepEqual([...proposals.refused], [['RUNTIME_NO_LEADER', 1]]);
    assert.throws(
      () => proposals.check(copy),
      /was applied 1 times; it was acknowledged 0 times, and may have been applied 0 times/,
    );
  });
});
