import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLedgerCommand } from '@quorate/ledger';
import { decodeSessionCommand } from '@quorate/runtime';
import { majorityConfiguration } from '@quorate/schema';
import { StateVotes } from '../../src/core/ledger/state-votes.ts';

function voting(members: object[] = []) {
  const due: (() => void)[] = [];
  const answers: (() => void)[] = [];
  const proposed: unknown[] = [];
  const configuration = { ...majorityConfiguration([1, 2, 3, 4]), learners: [5], members };
  const group = {
    propose: (bytes: Uint8Array, done: (error: null, applied: null) => void) => {
      const command = decodeSessionCommand(bytes);
      proposed.push(command.kind === 'plain' ? decodeLedgerCommand(command.command) : command);
      answers.push(() => done(null, null));
    },
    // All of it that is looked at.
    status: () => ({ node: 2, configuration }) as never,
  };
  const votes = new StateVotes(group, { defer: (callback) => void due.push(callback) });
  const run = (list: (() => void)[]): void => {
    for (const one of list.splice(0)) one();
  };
  return { votes, proposed, turn: () => run(due), answer: () => run(answers) };
}

test('what a replica finds is proposed, but never while it applies', () => {
  const { votes, proposed, turn } = voting();
  votes.checked(7, 0xabcd);
  assert.deepEqual(proposed, []);
  turn();
  assert.deepEqual(proposed, [
    { kind: 'vote', form: 1, check: 7, hash: 0xabcd, node: 2, majority: 3 },
  ]);
});

test('of the checks that come by while one is on its way the last is proposed next', () => {
  const { votes, proposed, turn, answer } = voting();
  votes.checked(1, 1);
  turn();
  for (const check of [2, 3, 4]) votes.checked(check, check);
  turn();
  assert.equal(proposed.length, 1);
  answer();
  assert.equal(proposed.length, 2);
  assert.equal((proposed[1] as { check: number }).check, 4);
  answer();
  votes.checked(5, 5);
  turn();
  assert.equal(proposed.length, 3);
});

test('witnesses have no state, and no say in it', () => {
  const { votes, proposed, turn } = voting([{ id: 3, witness: true }]);
  votes.checked(1, 1);
  turn();
  assert.equal((proposed[0] as { majority: number }).majority, 3);
});
