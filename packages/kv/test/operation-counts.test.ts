import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCommand, type KvCommand, KvStateMachine } from '../src/index.ts';
import { del, put, range, txn } from './requests.ts';

test('what was carried out is counted, inside transactions as well, and refusals are not', () => {
  const machine = new KvStateMachine();
  let index = 0;
  const apply = (command: KvCommand): void => {
    index += 1;
    const entry = { index, term: 1, timestampMicros: index, command: encodeCommand(command) };
    machine.apply([entry]);
  };
  apply(put('a', '1'));
  apply(put('a', '2', { lease: 9n }));
  apply(txn([], [put('b', '1'), range('a'), txn([], [del('a')])]));
  apply(txn([], [put('c', '1')]));
  machine.range(range('a'));
  machine.range({ ...range('a'), revision: 99 });
  machine.readTxn(txn([], [range('a'), range('b')]));
  apply({ kind: 'leaseGrant', id: 1n, ttlSeconds: 2 });
  apply({ kind: 'leaseGrant', id: 2n, ttlSeconds: 60 });
  apply({ kind: 'leaseGrant', id: 3n, ttlSeconds: 9_000_000_000 });
  apply({ kind: 'leaseGrant', id: 3n, ttlSeconds: 1 });
  apply({ kind: 'leaseKeepAlive', ids: [2n, 77n] });
  apply({ kind: 'leaseRevoke', id: 2n });
  apply({ kind: 'leaseTick', after: 0, elapsedMs: 1 });
  apply({ kind: 'leaseTick', after: 1, elapsedMs: 3000 });
  const { grantsByTtl, ...counts } = machine.counts;
  assert.deepEqual(counts, {
    ranges: 4,
    puts: 3,
    deletes: 1,
    txns: 2,
    leasesGranted: 3,
    leasesEnded: 2,
    leasesExpired: 1,
    leasesRenewed: 1,
    grantedSeconds: 9_000_000_062,
  });
  assert.deepEqual([grantsByTtl[1], grantsByTtl[6], grantsByTtl.at(-1)], [1, 1, 1]);
});
