import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, type StateMachine } from '@quorate/base';
import { adaptSimple } from '../../src/machines/simple-adapter.ts';
import { drawn, restoreFrom } from '../sessions/support/tally-machine.ts';
import { Bank, type BankCommand, bankCommands } from './support/bank.ts';
import { Account, errorOf, Notes } from './support/notes.ts';
import { entriesOf } from './support/sum-machine.ts';

const text = new TextEncoder();

function bankWith(count: number): { machine: Bank; adapter: StateMachine<unknown> } {
  const machine = new Bank();
  const adapter = adaptSimple(machine);
  adapter.apply(entriesOf(bankCommands(count, 1).map((one) => adapter.encodeCommand(one))));
  return { machine, adapter };
}

describe('a snapshot of a simple state machine', () => {
  it('is of the moment it was asked, and restores it', () => {
    const { machine, adapter } = bankWith(50);
    const expected = machine.toJSON();
    const snapshot = adapter.snapshot();
    const more = adaptSimple(machine);
    const command: BankCommand = { kind: 'deposit', to: 'anna', amount: 1 };
    more.apply(entriesOf([more.encodeCommand(command)], 50));
    const restored = new Bank();
    restoreFrom(adaptSimple(restored), drawn(snapshot), 10);
    assert.deepEqual(restored.toJSON(), expected);
  });

  it('has chunks of at most 1 MiB and parts no character', () => {
    const machine = new Notes();
    machine.notes = ['a'.repeat(1000), 'ﷺ'.repeat(800_000), 'a', '😀'.repeat(600_001)];
    const chunks = drawn(adaptSimple(machine).snapshot());
    assert.ok(chunks.length > 6);
    for (const chunk of chunks) assert.ok(chunk.length <= 1024 * 1024);
    const restored = new Notes();
    restoreFrom(adaptSimple(restored), chunks, 100_000);
    assert.ok(restored.notes.every((note, at) => note === machine.notes[at]));
  });

  it('that is cut off, damaged or not one is refused, and the state stays', () => {
    const { adapter } = bankWith(20);
    const bytes = concatBytes(drawn(adapter.snapshot()));
    const { machine: target, adapter: targetAdapter } = bankWith(3);
    const before = target.toJSON();
    const lengths = Array.from({ length: bytes.length }, (_, at) => at);
    const wrong: Uint8Array[] = lengths.flatMap((at) => {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      return [bytes.slice(0, at), damaged];
    });
    wrong.push(concatBytes([bytes, bytes]), text.encode('{}'), new Uint8Array(1000));
    for (const one of wrong) {
      const error = errorOf(() => restoreFrom(targetAdapter, [one], 64));
      assert.equal(error.code, 'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE');
      assert.deepEqual(target.toJSON(), before);
    }
  });

  it('of a later format names its version', () => {
    const { adapter } = bankWith(1);
    const bytes = concatBytes(drawn(adapter.snapshot()));
    bytes[7] = 2;
    const error = errorOf(() => restoreFrom(adapter, [bytes], 64));
    assert.match(error.message, /unknown version 2; run the version that wrote it, or a newer one/);
  });

  it('that fromJSON does not like is named so', () => {
    class Strict extends Bank {
      override fromJSON(): void {
        throw new Error('no field currency');
      }
    }
    const chunks = drawn(bankWith(1).adapter.snapshot());
    const error = errorOf(() => restoreFrom(adaptSimple(new Strict()), chunks, 64));
    assert.equal(error.code, 'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE');
    assert.match(error.message, /fromJSON threw: no field currency/);
  });

  it('of what is no JSON fails and names the field, rather than losing it', () => {
    const states: readonly [unknown, string, string][] = [
      [{ accounts: new Map() }, 'state.accounts', 'a Map'],
      [{ rate: 0 / 0 }, 'state.rate', 'NaN'],
      [undefined, 'state', 'undefined'],
      [[{ account: new Account() }], 'state[0].account', 'an Account'],
    ];
    for (const [state, path, found] of states) {
      const machine = new Notes();
      machine.toJSON = () => state;
      const error = errorOf(() => adaptSimple(machine).snapshot());
      assert.deepEqual(error.metadata, { path, found, index: null });
    }
  });

  it('is not taken by a promise', () => {
    const machine = new Notes();
    machine.toJSON = () => Promise.resolve([]);
    assert.equal(errorOf(() => adaptSimple(machine).snapshot()).code, 'RUNTIME_MACHINE_ASYNC');
    const chunks = drawn(adaptSimple(new Notes()).snapshot());
    const late = new Notes();
    late.fromJSON = (): void => Promise.resolve() as unknown as undefined;
    const error = errorOf(() => restoreFrom(adaptSimple(late), chunks, 64));
    assert.equal(error.code, 'RUNTIME_MACHINE_ASYNC');
  });
});
