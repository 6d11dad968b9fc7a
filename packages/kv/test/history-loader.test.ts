import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng, portableChecksum } from '@quorate/base';
import {
  encodeCommand,
  HistoryLoader,
  type HistoryRecord,
  type KvCommand,
  KvStateMachine,
} from '@quorate/kv';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const flags = { prevKv: false, ignoreValue: false, ignoreLease: false };

function machineOf(commands: readonly KvCommand[]): KvStateMachine {
  const machine = new KvStateMachine();
  machine.apply(
    commands.map((command) => {
      return { index: 1, term: 1, timestampMicros: 0, command: encodeCommand(command) };
    }),
  );
  return machine;
}

function recordsOf(machine: KvStateMachine): HistoryRecord[] {
  return [...machine.history().records()].filter((record) => record !== null);
}

function loaded(machine: KvStateMachine, records = recordsOf(machine)): KvStateMachine {
  const loader = new HistoryLoader(machine.stats.compactedRevision);
  for (const id of machine.leases()) loader.lease(id, machine.lease(id)?.ttlSeconds ?? 0);
  for (const record of records) loader.record(record);
  const copy = new KvStateMachine();
  const sink = copy.restore();
  const chunks = loader.finish(portableChecksum);
  for (let next = chunks.next(); !next.done; next = chunks.next()) sink.chunk(next.value);
  sink.finish();
  return copy;
}

function drawn(prng: Prng): KvCommand[] {
  const commands: KvCommand[] = [{ kind: 'leaseGrant', id: 7n, ttlSeconds: 60 } as KvCommand];
  let revision = 1;
  for (let i = 0; i < 120; i++) {
    const key = bytes(`k${prng.below(12)}`);
    const dice = prng.below(20);
    if (dice === 0) commands.push({ kind: 'compact', revision });
    else if (dice < 6) {
      commands.push({ kind: 'deleteRange', key, rangeEnd: new Uint8Array(0), prevKv: false });
    } else {
      const lease = prng.below(4) === 0 ? 7n : 0n;
      commands.push({ kind: 'put', key, value: bytes(`${i}`), lease, ...flags });
    }
    // Some are refused or change nothing; what they were meant for does not matter.
    revision = machineOf(commands).stats.revision;
  }
  return commands;
}

test('a store that is built from the history of another is the same', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const machine = machineOf(drawn(new Prng(seed)));
    const copy = loaded(machine);
    const { revision, compactedRevision, keys } = machine.stats;
    assert.deepEqual(
      [copy.stats.revision, copy.stats.compactedRevision, copy.stats.keys],
      [revision, compactedRevision, keys],
    );
    // Nobody can tell that a key was deleted at the compacted revision itself, or before.
    const isTold = ({ revision: at, keyValue }: HistoryRecord): boolean =>
      keyValue !== null || at > compactedRevision;
    const told = recordsOf(machine).filter(isTold);
    assert.deepEqual(recordsOf(copy), told, `seed ${seed}`);
    assert.deepEqual(copy.keysOfLease(7n), machine.keysOfLease(7n));
  }
});

test('a deletion at the compacted revision need not be there', () => {
  const put = (key: string): KvCommand => {
    return { kind: 'put', key: bytes(key), value: bytes('v'), lease: 0n, ...flags };
  };
  const remove: KvCommand = {
    kind: 'deleteRange',
    key: bytes('b'),
    rangeEnd: new Uint8Array(0),
    prevKv: false,
  };
  const compact: KvCommand = { kind: 'compact', revision: 4 };
  const upToIt = machineOf([put('a'), put('b'), remove, compact]);
  const beyond = machineOf([put('a'), put('b'), remove, compact, put('c')]);
  for (const machine of [upToIt, beyond]) {
    const records = recordsOf(machine).filter(({ keyValue }) => keyValue !== null);
    const copy = loaded(machine, records);
    assert.equal(copy.stats.revision, machine.stats.revision);
    assert.deepEqual(recordsOf(copy), records);
  }
});

test('a history that cannot have been is refused', () => {
  const put = { kind: 'put', key: bytes('a'), value: bytes('v'), lease: 0n, ...flags } as const;
  const records = recordsOf(machineOf([put, put, put]));
  const [first, second, third] = records as [HistoryRecord, HistoryRecord, HistoryRecord];
  const refused = (...given: HistoryRecord[]): void => {
    assert.throws(
      () => {
        const loader = new HistoryLoader(-1);
        for (const record of given) loader.record(record);
        loader.finish(portableChecksum);
      },
      { code: 'KV_SNAPSHOT_INVALID' },
    );
  };
  refused(second);
  refused(first, third);
  refused(first, first);
  refused({ ...first, key: new Uint8Array(0) });
  refused({ ...first, keyValue: null });
  const keyValue = first.keyValue as NonNullable<HistoryRecord['keyValue']>;
  refused({ ...first, keyValue: { ...keyValue, version: 2 } });
  refused({ ...first, keyValue: { ...keyValue, lease: 5n } });
  refused({ ...first, keyValue: { ...keyValue, key: bytes('b') } });
});
