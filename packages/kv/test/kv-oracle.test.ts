import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KvCommand, type KvResult, KvStateMachine, type RangeRequest } from '../src/index.ts';
import { command, leaseCommand, numberTicks, rangeRequest } from './arbitraries.ts';
import { KvOracle } from './kv-oracle.ts';
import { drawSnapshot, entriesOf, everything, plain, restoreFrom } from './requests.ts';

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
  const leases = machine.leases().map((id) => ({
    ...machine.lease(id),
    keys: machine.keysOfLease(id),
  }));
  assert.deepEqual(plain(leases), oracle.leases());
  const { keys, revision, compactedRevision } = machine.stats;
  assert.deepEqual(
    [keys, revision, compactedRevision],
    [oracle.keys(), oracle.revision, oracle.compactedRevision],
  );
}

function pickedId(result: KvResult | undefined): bigint {
  return result?.kind === 'leaseGrant' ? result.id : 0n;
}

function applyBoth(
  machine: KvStateMachine,
  oracle: KvOracle,
  commands: readonly KvCommand[],
): void {
  const results = machine.apply(entriesOf(commands));
  assert.deepEqual(
    results.map(plain),
    commands.map((one, at) => oracle.execute(one, pickedId(results[at]))),
  );
}

test('every result and every read equals that of the slowest right answer', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.array(rangeRequest, { maxLength: 20 }),
      (commands, reads) => {
        const machine = new KvStateMachine();
        const oracle = new KvOracle();
        for (const one of numberTicks(commands)) applyBoth(machine, oracle, [one]);
        compareReads(machine, oracle, reads);
      },
    ),
    { numRuns: 400 },
  );
});

test('a restored replica answers as the one the snapshot is of, then and later', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.nat({ max: 20 }),
      fc.array(rangeRequest, { maxLength: 8 }),
      (commands, cut, reads) => {
        const numbered = numberTicks(commands);
        const before = numbered.slice(0, cut);
        const after = numbered.slice(cut);
        const machine = new KvStateMachine();
        const oracle = new KvOracle();
        applyBoth(machine, oracle, before);
        const restored = new KvStateMachine();
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

test('leases end alike wherever the log is cut into batches and taken up from a snapshot', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(leaseCommand, leaseCommand, command), { maxLength: 60 }),
      fc.array(fc.record({ length: fc.integer({ min: 1, max: 9 }), restores: fc.boolean() })),
      (commands, cuts) => {
        const whole = new KvStateMachine();
        const oracle = new KvOracle();
        const entries = entriesOf(numberTicks(commands));
        const results = whole.apply(entries);
        let machine = new KvStateMachine();
        const found: KvResult[] = [];
        for (const { length, restores } of [...cuts, { length: 60, restores: true }]) {
          found.push(...machine.apply(entries.slice(found.length, found.length + length)));
          if (!restores) continue;
          const next = new KvStateMachine();
          restoreFrom(next, drawSnapshot(machine));
          assert.equal(next.hash(), machine.hash());
          machine = next;
        }
        assert.deepEqual(found.map(plain), results.map(plain));
        assert.equal(machine.hash(), whole.hash());
        assert.deepEqual(drawSnapshot(machine), drawSnapshot(whole));
        numberTicks(commands).forEach((one, at) => {
          assert.deepEqual(plain(results[at]), oracle.execute(one, pickedId(results[at])));
        });
        compareReads(machine, oracle, []);
      },
    ),
    { numRuns: 300 },
  );
});
