import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AccountBatchBuilder,
  type NewTransfer,
  TransferBatchBuilder,
  TransferColumns,
  TransferFlag,
} from '@quorate/ledger';
import { BatchIntake } from '../../src/core/ledger/batch-intake.ts';

/** Accounts 100 to 109 have the slots 0 to 9, and 2^100 has 10. */
const accounts = {
  findMany(ids: Uint32Array, count: number, slots: Int32Array): void {
    for (let i = 0; i < count; i++) slots[i] = slotOf(ids.subarray(i * 4, i * 4 + 4));
  },
};

function slotOf([lane0 = 0, lane1 = 0, lane2 = 0, lane3 = 0]: Uint32Array): number {
  if (lane3 === 16 && lane0 === 0 && lane1 === 0 && lane2 === 0) return 10;
  const isNear = lane1 === 0 && lane2 === 0 && lane3 === 0;
  return isNear && lane0 >= 100 && lane0 < 110 ? lane0 - 100 : -1;
}

function batchOf(transfers: readonly Partial<NewTransfer>[]): Uint8Array {
  const builder = new TransferBatchBuilder();
  for (const [at, transfer] of transfers.entries()) {
    builder.add({
      id: BigInt(at + 1),
      debitAccountId: 100n,
      creditAccountId: 101n,
      amount: 5n,
      ledger: 1,
      code: 1,
      ...transfer,
    });
  }
  return builder.encode();
}

/** The batch of a command, of which the first byte says what it is. */
function columnsOf(command: Uint8Array | null): TransferColumns {
  const columns = new TransferColumns();
  assert.ok(command !== null);
  columns.parse(command.subarray(1), { allowSlots: true });
  return columns;
}

test('known accounts are in the log by their slots, and all else is as it was', () => {
  const intake = new BatchIntake({ accounts });
  const { command } = intake.transfers(
    batchOf([{ debitAccountId: 109n }, { creditAccountId: 2n ** 100n, amount: 7n }]),
  );
  const columns = columnsOf(command);
  assert.deepEqual(
    [columns.debitAccountId.isPresent, columns.creditAccountId.isPresent],
    [false, false],
  );
  assert.deepEqual(
    [0, 1].map((at) => columns.debitSlot.numberAt(at)),
    [9, 0],
  );
  assert.deepEqual(
    [0, 1].map((at) => columns.creditSlot.numberAt(at)),
    [1, 10],
  );
  assert.deepEqual(
    [0, 1].map((at) => columns.amount.numberAt(at)),
    [5, 7],
  );
  assert.deepEqual(
    [0, 1].map((at) => columns.id.numberAt(at)),
    [1, 2],
  );
});

test('one account that is not known yet leaves the ids of its side to the state machine', () => {
  const intake = new BatchIntake({ accounts });
  const { command } = intake.transfers(batchOf([{}, { creditAccountId: 500n }]));
  const columns = columnsOf(command);
  assert.equal(columns.creditSlot.isPresent, false);
  assert.deepEqual(
    [0, 1].map((at) => columns.creditAccountId.uint128At(at)),
    [101n, 500n],
  );
  assert.deepEqual(
    [0, 1].map((at) => columns.debitSlot.numberAt(at)),
    [0, 0],
  );
});

test('a post without accounts keeps their absence', () => {
  const intake = new BatchIntake({ accounts });
  const flags = TransferFlag.postPendingTransfer;
  const post = { debitAccountId: 0n, creditAccountId: 0n, pendingId: 9n, flags };
  const columns = columnsOf(intake.transfers(batchOf([post])).command);
  const { debitAccountId, debitSlot, creditAccountId, creditSlot } = columns;
  const present = [debitAccountId, debitSlot, creditAccountId, creditSlot].map((c) => c.isPresent);
  assert.deepEqual(present, [false, false, false, false]);
});

test('bytes that are no batch, or have what only servers write, are refused with a reason', () => {
  const intake = new BatchIntake({ accounts });
  const batch = batchOf([{}]);
  const ofServers = columnsOf(intake.transfers(batch).command).bytes;
  const builder = new AccountBatchBuilder();
  builder.add({ id: 1n, ledger: 1, code: 1 });
  const wrong = [
    new Uint8Array(0),
    batch.subarray(0, -1),
    Uint8Array.of(...batch, 0),
    ofServers,
    builder.encode(),
  ];
  for (const bytes of wrong) {
    const { command, refusal } = intake.transfers(bytes);
    assert.equal(command, null);
    assert.equal(refusal?.kind, 1);
    assert.match(refusal?.reason ?? '', /malformed/);
  }
  assert.equal(intake.accounts(batch).command, null);
  assert.notEqual(intake.accounts(builder.encode()).command, null);
});

test('the command is a copy: the bytes of the client may change', () => {
  const intake = new BatchIntake({ accounts });
  const batch = batchOf([{}, {}]);
  const { command } = intake.transfers(batch);
  const before = [...(command ?? [])];
  batch.fill(255);
  assert.deepEqual([...(command ?? [])], before);
});
