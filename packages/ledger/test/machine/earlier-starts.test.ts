import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountBatchBuilder } from '../../src/columns/account-batch-builder.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import type { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { PartsDisk } from '../parts/parts-disk.ts';
import { contentOf, drawn, openMachine, restore } from './checkpointed-books.ts';

const accounts = new AccountBatchBuilder();
for (const id of [1n, 2n]) accounts.add({ id, ledger: 1, code: 1 });
const opened = encodeLedgerCommand({ kind: 'accounts', batch: accounts.encode() });

/** Enough for some full chunks. */
function moved(firstId: bigint): Uint8Array {
  const transfers = new TransferBatchBuilder();
  const between = { debitAccountId: 1n, creditAccountId: 2n, amount: 5n, ledger: 1, code: 1 };
  for (let id = firstId; id < firstId + 200n; id++) transfers.add({ id, ...between });
  return encodeLedgerCommand({ kind: 'transfers', batch: transfers.encode() });
}

const log = [opened, moved(1n), moved(1001n), moved(2001n)];

/** As a node does that finds entries in its log, and no snapshot named before them. */
function replay(machine: LedgerMachine, from = 0): void {
  for (const [at, command] of log.entries())
    if (at >= from) machine.apply([{ index: at + 1, term: 1, timestampMicros: at + 1, command }]);
}

test('starts before the first checkpoint leave no files of each other', () => {
  const disk = new PartsDisk(1);
  let files = 0;
  for (let start = 1; start <= 6; start++) {
    const machine = openMachine(disk);
    replay(machine);
    disk.settle();
    machine.checkpoints.close(() => undefined);
    disk.settle();
    files ||= disk.list().length;
    assert.ok(files > 0);
    assert.equal(disk.list().length, files, `after start ${start}`);
  }
});

test('a start with a checkpoint keeps the files that it refers to', () => {
  const disk = new PartsDisk(2);
  const machine = openMachine(disk);
  replay(machine);
  const checkpoint = machine.checkpoints.take(log.length);
  const chunks = drawn(checkpoint);
  checkpoint.persist((error) => assert.equal(error, null));
  disk.settle();
  machine.checkpoints.collect(log.length);
  const content = contentOf(machine);
  machine.checkpoints.close(() => undefined);
  disk.settle();
  for (let start = 1; start <= 3; start++) {
    const other = openMachine(disk);
    restore(other, chunks);
    other.apply([
      { index: 9, term: 1, timestampMicros: 9, command: encodeLedgerCommand({ kind: 'pulse' }) },
    ]);
    disk.settle();
    assert.equal(contentOf(other), content);
    other.checkpoints.close(() => undefined);
    disk.settle();
  }
});
