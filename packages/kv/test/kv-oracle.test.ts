import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KvCommand, KvStateMachine, type RangeRequest } from '../src/index.ts';
import { command, KNOWN_LEASES, rangeRequest } from './arbitraries.ts';
import { KvOracle } from './kv-oracle.ts';
import { drawSnapshot, entriesOf, everything, plain, restoreFrom } from './requests.ts';

function newMachine(): KvStateMachine {
  return new KvStateMachine({ leaseExists: (id) => KNOWN_LEASES.has(id) });
}

/** Every revision and one beyond each end, and the reads given. */
function compareReads(
  machine: KvStateMachine,
  oracle: KvOracle,
  reads: readonly RangeRequest[],
): void {
  for (let revision = -1; revision <= oracle.revision + 1; revision++) {
    const request = everything({ revision });
    assert.deepEqual(plain(machine.range(request)), oracle.range(request));
    const count = everything({ revision, countOnly: true });
    assert.deepEqual(plain(machine.range(count)), oracle.range(count));
  }
  for (const request of reads) {
    assert.deepEqual(plain(machine.range(request)), oracle.range(request));
  }
  const { keys, revision, compactedRevision } = machine.stats;
  assert.deepEqual(
    [keys, revision, compactedRevision],
    [oracle.keys(), oracle.revision, oracle.compactedRevision],
  );
}

function applyBoth(
  machine: KvStateMachine,
  oracle: KvOracle,
  commands: readonly KvCommand[],
): void {
  const results = machine.apply(entriesOf(commands));
  assert.deepEqual(
    results.map(plain),
    commands.map((one) => oracle.execute(one)),
  );
}

test('every result and every read equals that of the slowest right answer', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.array(rangeRequest, { maxLength: 20 }),
      (commands, reads) => {
        const machine = newMachine();
        const oracle = new KvOracle(KNOWN_LEASES);
        for (const one of commands) applyBoth(machine, oracle, [one]);
        compareReads(machine, oracle, reads);
      },
    ),
    { numRuns: 400 },
  );
});

test('a restored replica answers as the one the snapshot is of, then and later', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 20 }),
      fc.array(command, { maxLength: 10 }),
      fc.array(rangeRequest, { maxLength: 8 }),
      (before, after, reads) => {
        const machine = newMachine();
        const oracle = new KvOracle(KNOWN_LEASES);
        applyBoth(machine, oracle, before);
        const restored = newMachine();
        restored.apply(entriesOf(after));
        restoreFrom(restored, drawSnapshot(machine));
        assert.equal(restored.hash(), machine.hash());
        compareReads(restored, oracle, reads);
        applyBoth(restored, oracle, after);
        compareReads(restored, oracle, reads);
        machine.apply(entriesOf(after));
        assert.equal(restored.hash(), machine.hash());
        assert.deepEqual(drawSnapshot(restored), drawSnapshot(machine));
      },
    ),
    { numRuns: 200 },
  );
});
