import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '../../src/ledger-error.ts';
import { encodeLedgerCommand, type LedgerCommand } from '../../src/machine/ledger-command.ts';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { stateForm } from '../../src/machine/state-checks.ts';
import { encodeAccounts, encodeTransfers } from '../columns/batches.ts';

const batchesPerCheck = 4;
const debitsPosted = 1;

/** Machines that apply the same log, in which their votes stand, too. */
class Replicas {
  readonly machines: readonly LedgerMachine[];
  readonly told: { node: number; check: number; votes: ReadonlyMap<number, number> }[] = [];
  /** Nodes that have stopped, with why. */
  readonly halted = new Map<number, unknown>();
  readonly #votes: LedgerCommand[] = [];
  #index = 0;

  constructor(count: number) {
    const majority = Math.floor(count / 2) + 1;
    this.machines = Array.from({ length: count }, (_, node) => {
      return new LedgerMachine({
        hashSeed: node,
        batchesPerCheck,
        limits: { transfersPerChunk: 64 },
        onChecked: (check, hash) =>
          this.#votes.push({ kind: 'vote', form: stateForm, check, hash, node, majority }),
        onDisagreement: (check, votes) => this.told.push({ node, check, votes: new Map(votes) }),
      });
    });
    const accounts = [1n, 2n, 3n].map((id) => ({ id, ledger: 1, code: 1 }));
    this.#log({ kind: 'accounts', batch: encodeAccounts(accounts) });
  }

  /** One transfer more, and the votes that come of it. */
  transfer(): void {
    const id = BigInt(this.#index + 1);
    const transfer = {
      id,
      debitAccountId: 1n,
      creditAccountId: 2n,
      amount: 1n,
      ledger: 1,
      code: 1,
    };
    this.#log({ kind: 'transfers', batch: encodeTransfers([transfer]) });
    // All are on their way before the first of them is applied anywhere.
    for (const vote of this.#votes.splice(0)) this.#log(vote);
  }

  untilCheck(check: number): void {
    const state = () => this.machines.find((_, node) => !this.halted.has(node))?.books.state;
    while ((state()?.batches ?? assert.fail()) < check * batchesPerCheck) this.transfer();
  }

  setDebits(node: number, slot: number, value: bigint): void {
    const machine = this.machines[node] ?? assert.fail();
    machine.books.state.accounts.setBalance(slot, debitsPosted, value);
  }

  #log(command: LedgerCommand): void {
    const index = ++this.#index;
    const bytes = encodeLedgerCommand(command);
    const entry = { index, term: 1, timestampMicros: index * 1000, command: bytes };
    for (const [node, machine] of this.machines.entries()) {
      if (this.halted.has(node)) continue;
      try {
        machine.apply([entry]);
      } catch (error) {
        this.halted.set(node, error);
      }
    }
  }
}

test('replicas that apply the same log agree at every check', () => {
  const replicas = new Replicas(3);
  replicas.untilCheck(20);
  assert.deepEqual([replicas.told, [...replicas.halted.keys()]], [[], []]);
});

for (const [count, wrong] of [
  [3, 0],
  [3, 2],
  [5, 1],
] as const) {
  test(`rule 15: of ${count} replicas number ${wrong}, with another balance, stops`, () => {
    const replicas = new Replicas(count);
    replicas.untilCheck(2);
    // An account that nothing happens to: no answer would ever show it.
    replicas.setDebits(wrong, 2, 1n);
    for (let batch = 1; batch < batchesPerCheck; batch++) replicas.transfer();
    assert.deepEqual([...replicas.halted.keys()], []);
    replicas.transfer();
    assert.deepEqual([...replicas.halted.keys()], [wrong]);
    const error = replicas.halted.get(wrong);
    assert.ok(error instanceof LedgerError && error.code === 'LEDGER_STATE_DIVERGED');
    assert.match(error.message, /^check 3 .* what this one has is wrong\./);
    for (const [node] of replicas.machines.entries()) {
      if (node === wrong) continue;
      const { check, votes } = replicas.told.findLast((one) => one.node === node) ?? assert.fail();
      assert.equal(check, 3);
      const [own, others] = [votes.get(wrong), [...votes].filter(([voter]) => voter !== wrong)];
      assert.ok(others.length >= Math.floor(count / 2) + 1);
      assert.ok(others.every(([, hash]) => hash !== own));
    }
    const before = replicas.told.length;
    replicas.untilCheck(8);
    assert.deepEqual([replicas.told.length, replicas.halted.size], [before, 1]);
  });
}

test('rule 15: of two replicas that differ none stops, and both tell of it', () => {
  const replicas = new Replicas(2);
  replicas.setDebits(1, 2, 1n);
  replicas.untilCheck(1);
  assert.equal(replicas.halted.size, 0);
  assert.deepEqual(new Set(replicas.told.map(({ node }) => node)), new Set([0, 1]));
});

test('a balance that is right again before the check is not noticed: checks see states', () => {
  const replicas = new Replicas(3);
  replicas.setDebits(0, 2, 1n);
  replicas.transfer();
  replicas.setDebits(0, 2, 0n);
  replicas.untilCheck(3);
  assert.deepEqual([replicas.told, replicas.halted.size], [[], 0]);
});

/** Makes a check of a state with one account. */
function checkedMachine(id: bigint) {
  const found: number[] = [];
  const onChecked = (_check: number, hash: number): void => void found.push(hash);
  const machine = new LedgerMachine({ batchesPerCheck: 1, onChecked });
  const apply = (command: LedgerCommand): void => {
    const entry = { index: 1, term: 1, timestampMicros: Number(id) };
    machine.apply([{ ...entry, command: encodeLedgerCommand(command) }]);
  };
  apply({ kind: 'accounts', batch: encodeAccounts([{ id, ledger: 1, code: 1 }]) });
  return { machine, apply, hash: found[0] ?? assert.fail('there was a check') };
}

test('a replica that is given the state of another goes on after late votes on its old one', () => {
  const right = checkedMachine(8n);
  const votes = [2, 3].map((node): LedgerCommand => {
    return { kind: 'vote', form: stateForm, check: 1, hash: right.hash, node, majority: 2 };
  });
  const wrong = checkedMachine(9n);
  assert.throws(() => votes.forEach(wrong.apply), LedgerError);
  const healed = checkedMachine(9n);
  const chunks = right.machine.snapshot();
  const sink = healed.machine.restore();
  for (let next = chunks.next(); next.done !== true; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
  votes.forEach(healed.apply);
});
