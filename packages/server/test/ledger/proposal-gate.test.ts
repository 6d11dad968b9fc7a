import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProposeDone } from '@quorate/runtime';
import type { LedgerResult } from '../../src/core/ledger/ledger-group.ts';
import { type GateLimits, ProposalGate } from '../../src/core/ledger/proposal-gate.ts';

const limits = { proposals: 2, proposedBytes: 100, smallBytes: 0, waitingBytes: 100 };

/** A group that answers when it is told to. */
class Held {
  readonly proposed: number[] = [];
  readonly answers: (() => void)[] = [];
  readonly done: number[] = [];
  readonly gate: ProposalGate;

  constructor(more: Partial<GateLimits> = {}) {
    const propose = (command: Uint8Array, done: ProposeDone<LedgerResult>): void =>
      this.#take(command, done);
    this.gate = new ProposalGate({ propose }, { ...limits, ...more });
  }

  propose(id: number, bytes = 10): boolean {
    const command = new Uint8Array(bytes).fill(id);
    return this.gate.propose(command, () => this.done.push(id));
  }

  #take([id = 0]: Uint8Array, done: ProposeDone<LedgerResult>): void {
    this.proposed.push(id);
    const result = { kind: 'ticked' } as const;
    this.answers.push(() => done(null, { index: id, result }));
  }
}

test('so many commands are under way at a time, and the others follow in their order', () => {
  const held = new Held();
  for (let id = 1; id <= 5; id++) assert.ok(held.propose(id));
  assert.deepEqual(held.proposed, [1, 2]);
  assert.deepEqual([held.gate.proposals, held.gate.waiting, held.gate.waitingBytes], [2, 3, 30]);
  held.answers.shift()?.();
  assert.deepEqual([held.proposed, held.done], [[1, 2, 3], [1]]);
  for (let at = 0; at < 4; at++) held.answers.shift()?.();
  assert.deepEqual(
    [held.proposed, held.done],
    [
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ],
  );
  assert.deepEqual([held.gate.proposals, held.gate.waiting, held.gate.waitingBytes], [0, 0, 0]);
});

test('bytes count as well, but one command goes through however large it is', () => {
  const held = new Held();
  held.propose(1, 500);
  held.propose(2, 10);
  assert.deepEqual(held.proposed, [1]);
  held.answers.shift()?.();
  assert.deepEqual(held.proposed, [1, 2]);
});

test('commands that are small together are under way together, however many', () => {
  const held = new Held({ smallBytes: 40 });
  for (let id = 1; id <= 6; id++) held.propose(id);
  assert.deepEqual(held.proposed, [1, 2, 3, 4]);
  held.answers.shift()?.();
  assert.deepEqual(held.proposed, [1, 2, 3, 4, 5]);
  const mixed = new Held({ smallBytes: 40 });
  mixed.propose(1, 60);
  mixed.propose(2, 5);
  mixed.propose(3, 5);
  assert.deepEqual(mixed.proposed, [1, 2]);
});

test('a small command does not overtake a large one that waits', () => {
  const held = new Held();
  held.propose(1, 60);
  held.propose(2, 60);
  held.propose(3, 10);
  assert.deepEqual(held.proposed, [1]);
  held.answers.shift()?.();
  assert.deepEqual(held.proposed, [1, 2, 3]);
});

test('nothing more is taken when too much waits', () => {
  const held = new Held();
  held.propose(1, 100);
  assert.ok(held.propose(2, 100));
  assert.equal(held.propose(3, 1), false);
  held.answers.shift()?.();
  assert.ok(held.propose(4, 1));
  for (const answer of held.answers.splice(0)) answer();
  assert.deepEqual(held.proposed, [1, 2, 4]);
});

test('what is proposed when an answer comes waits behind what waited before', () => {
  const held = new Held();
  for (let id = 1; id <= 3; id++) held.propose(id);
  const command = Uint8Array.of(9);
  held.gate.propose(command, () => undefined);
  for (let at = 0; at < 4; at++) held.answers.shift()?.();
  assert.deepEqual(held.proposed, [1, 2, 3, 9]);
});
