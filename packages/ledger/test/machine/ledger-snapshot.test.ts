import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '../../src/ledger-error.ts';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { TransferFlag } from '../../src/model/transfer.ts';
import { MemoryParts } from '../../src/parts/memory-parts.ts';
import { encodeAccounts, encodeTransfers } from '../columns/batches.ts';
import { compareSeeds } from '../oracle/compare.ts';
import { RestartingBooks } from './restarting-books.ts';

const file = 'packages/ledger/test/machine/ledger-snapshot.test.ts';

test('books made of a snapshot that was drawn meanwhile go on as the oracle does', () => {
  compareSeeds(8, 200, () => new RestartingBooks(() => ({ after: 0, during: 5 })), {
    file,
    largestBatch: 400,
  });
});

test('books of plain transfers do, too', () => {
  compareSeeds(3, 120, () => new RestartingBooks(() => ({ after: 0, during: 9 })), {
    file,
    mode: 'plain',
  });
});

test('books that were stored, and refer to what they have on a disk, do, too', () => {
  const moment = { after: 2, during: 5 };
  compareSeeds(8, 200, () => new RestartingBooks(() => moment, new MemoryParts()), {
    file,
    largestBatch: 400,
  });
});

/** Machines with large chunks take longer to make than all that is tried with them. */
const limits = { transfersPerChunk: 64 };

function smallLedger(): LedgerMachine {
  const machine = new LedgerMachine({ limits });
  const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1, flags: 8 }));
  const transfers = [1n, 2n, 3n].map((id) => ({
    ...{ id, debitAccountId: 1n, creditAccountId: 2n, amount: id, ledger: 1, code: 1 },
    ...(id === 2n ? { flags: 2, timeout: 3 } : {}),
  }));
  machine.apply([
    {
      ...{ index: 1, term: 1, timestampMicros: 1_000_000 },
      command: encodeLedgerCommand({ kind: 'accounts', batch: encodeAccounts(accounts) }),
    },
    {
      ...{ index: 2, term: 1, timestampMicros: 2_000_000 },
      command: encodeLedgerCommand({ kind: 'transfers', batch: encodeTransfers(transfers) }),
    },
  ]);
  return machine;
}

function snapshotOf(machine: LedgerMachine): Uint8Array {
  const chunks: Uint8Array[] = [];
  const source = machine.snapshot();
  for (let next = source.next(); next.done !== true; next = source.next()) chunks.push(next.value);
  return Buffer.concat(chunks);
}

/** All that begin and end it, and some of the many between that are alike. */
function placesIn(bytes: Uint8Array): readonly number[] {
  const all = bytes.length;
  const places = Array.from({ length: all }, (_, at) => at);
  return places.filter((at) => at < 600 || at > all - 400 || at % 499 === 0);
}

test('what a broken chain had pending in a chunk that is not there is in no snapshot', () => {
  const machine = new LedgerMachine({ limits: { transfersPerChunk: 4 } });
  const accounts = [1n, 2n].map((id) => ({ id, ledger: 1, code: 1 }));
  const ordinary = { debitAccountId: 1n, creditAccountId: 2n, amount: 5n, ledger: 1, code: 1 };
  const transfers = [
    ...[1n, 2n, 3n, 4n].map((id) => ({ ...ordinary, id })),
    { ...ordinary, id: 5n, flags: TransferFlag.linked | TransferFlag.pending },
    { ...ordinary, id: 6n, debitAccountId: 9n },
  ];
  const commands = [
    encodeLedgerCommand({ kind: 'accounts', batch: encodeAccounts(accounts) }),
    encodeLedgerCommand({ kind: 'transfers', batch: encodeTransfers(transfers) }),
  ];
  machine.apply(
    commands.map((command, at) => ({ index: at + 1, term: 1, timestampMicros: at + 1, command })),
  );
  assert.equal(machine.books.state.transfers.count, 4);
  const other = new LedgerMachine({ limits: { transfersPerChunk: 4 } });
  const sink = other.restore();
  sink.chunk(snapshotOf(machine));
  sink.finish();
  assert.deepEqual(snapshotOf(other), snapshotOf(machine));
});

test('a snapshot that ends early, or goes on, is refused, and the state stays', () => {
  const machine = smallLedger();
  const bytes = snapshotOf(machine);
  for (const length of placesIn(bytes)) {
    const other = smallLedger();
    assert.throws(() => {
      const sink = other.restore();
      sink.chunk(bytes.subarray(0, length));
      sink.finish();
    }, LedgerError);
    assert.equal(other.books.state.transfers.count, 3);
  }
  const sink = new LedgerMachine({ limits }).restore();
  assert.throws(() => {
    sink.chunk(Buffer.concat([bytes, bytes.subarray(0, 6)]));
    sink.finish();
  }, LedgerError);
});

test('a snapshot with any byte changed is refused or read, and never anything else', () => {
  const bytes = snapshotOf(smallLedger());
  for (const at of placesIn(bytes)) {
    const broken = Uint8Array.from(bytes);
    broken[at] = (broken[at] as number) ^ 0x41;
    try {
      const sink = new LedgerMachine({ limits }).restore();
      sink.chunk(broken);
      sink.finish();
    } catch (error) {
      assert.ok(error instanceof LedgerError, `at byte ${at}: ${String(error)}`);
    }
  }
});

test('commands that are none are refused, and change nothing', () => {
  const machine = smallLedger();
  const commands = [[], [0x20], [0x14], [0x12, 0], [0x13, 1], [0x10], [0x11, 1, 1], [0xff, 1, 2]];
  const before = snapshotOf(machine);
  for (const [at, bytes] of commands.entries()) {
    const entry = { index: 3 + at, term: 1, timestampMicros: 3_000_000 + at };
    const [answer] = machine.apply([{ ...entry, command: Uint8Array.from(bytes) }]);
    assert.equal(answer?.kind, 'refused', `command ${at}`);
  }
  assert.deepEqual(snapshotOf(machine), before);
});
