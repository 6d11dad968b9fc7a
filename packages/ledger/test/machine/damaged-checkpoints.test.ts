import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, Prng, toHex } from '@quorate/base';
import { LedgerError } from '../../src/ledger-error.ts';
import type { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { chunkRecords } from '../../src/transfers/history-chunk.ts';
import { BooksAdapter } from '../books-adapter.ts';
import { EventSource } from '../oracle/event-source.ts';
import { playEntry } from '../oracle/ledger-entry.ts';
import { directory, PartsDisk } from '../parts/parts-disk.ts';
import { contentOf, drawn, openMachine, restore } from './checkpointed-books.ts';

/** A ledger with something of everything on its disk, and its checkpoint. */
function storedLedger(seed: number): {
  readonly disk: PartsDisk;
  readonly machine: LedgerMachine;
  readonly chunks: readonly Uint8Array[];
} {
  const disk = new PartsDisk(seed);
  const machine = openMachine(disk);
  const books = new BooksAdapter(machine.books);
  const source = new EventSource(seed, { largestBatch: 300 });
  for (let entry = 0; entry < 120; entry++) playEntry(books, source.next());
  fillChunks(books);
  const checkpoint = machine.checkpoints.take(1);
  const chunks = drawn(checkpoint);
  const answers: (Error | null)[] = [];
  checkpoint.persist((error) => void answers.push(error));
  disk.settle();
  assert.deepEqual(answers, [null]);
  const { transfers, ids, history, statuses } = machine.books.state;
  const used = [transfers.sealed.files, ids.runFiles(), history.full.files, statuses.stored.files];
  assert.deepEqual(
    used.map((files) => files.size > 0),
    [true, true, true, true],
  );
  return { disk, machine, chunks };
}

/** Until a chunk of history is full, and one of statuses is resolved. */
function fillChunks(books: BooksAdapter): void {
  const ids = [1n << 90n, 2n << 90n] as const;
  let micros = 9_000_000_000_000_000;
  books.createAccounts(
    ids.map((id) => ({ id, ledger: 1, code: 1, flags: 8 })),
    micros,
  );
  let next = 1n << 100n;
  const pending = Array.from({ length: 1000 }, () => ({
    ...{ id: next++, debitAccountId: ids[0], creditAccountId: ids[1], flags: 2, timeout: 1 },
    ...{ amount: next, ledger: 1, code: 1 },
  }));
  books.createTransfers(pending, ++micros);
  micros += 10_000_000;
  books.pulse(micros);
  while (books.books.state.history.count <= chunkRecords) {
    const events = Array.from({ length: 4000 }, () => ({
      ...{ id: next++, debitAccountId: ids[0], creditAccountId: ids[1] },
      ...{ amount: next, ledger: 1, code: 1 },
    }));
    const { results } = books.createTransfers(events, ++micros);
    assert.ok(results.every((result) => result === 0));
  }
}

/** What it says of each id, one by one. */
function answersOf(machine: LedgerMachine, ids: readonly bigint[]): string {
  const books = new BooksAdapter(machine.books);
  return JSON.stringify(
    ids.map((id) => [books.transfer(id), books.account(id)]),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}

test('a checkpoint with any byte changed is refused or read, and never anything else', () => {
  const { disk, chunks } = storedLedger(3);
  const whole = concatBytes(chunks);
  const places = Array.from({ length: whole.length }, (_, at) => at);
  let refused = 0;
  for (const at of places.filter(
    (place) => place < 500 || place > whole.length - 100 || place % 9973 === 0,
  )) {
    const broken = Uint8Array.from(whole);
    broken[at] = (broken[at] as number) ^ 0x11;
    const machine = openMachine(disk);
    try {
      restore(machine, [broken]);
    } catch (error) {
      refused++;
      assert.ok(error instanceof LedgerError, `at byte ${at}: ${String(error)}`);
    }
    machine.checkpoints.close(() => undefined);
    disk.settle();
  }
  assert.ok(refused > 50, `${refused} were refused`);
});

test('with a part damaged at any place the books say so, or answer as they should', () => {
  const { disk, machine, chunks } = storedLedger(4);
  const ids = new BooksAdapter(machine.books).transfers().map(({ id }) => id);
  const some = ids.filter((_, at) => at % 37 === 0);
  const [content, answers] = [contentOf(machine), answersOf(machine, some)];
  const prng = new Prng(1);
  let damaged = 0;
  // What nothing refers to goes at the first restore.
  const first = openMachine(disk);
  restore(first, chunks);
  first.checkpoints.close(() => undefined);
  disk.settle();
  for (const name of disk.list()) {
    const path = `${directory}/${name}`;
    const number = name.split('-')[1];
    const { length } = disk.disk.blocking.readFile(path);
    for (let round = 0; round < 12; round++) {
      const [at, bit] = [prng.below(length), prng.below(8)];
      assert.notEqual(disk.disk.flipBit(path, at, bit), null);
      const other = openMachine(disk);
      const tries = [
        () => restore(other, chunks),
        () => assert.equal(answersOf(other, some), answers, `${name} at ${at}`),
        () => assert.equal(contentOf(other), content, `${name} at ${at}`),
      ];
      try {
        for (const attempt of tries) attempt();
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        assert.equal(error.code, 'LEDGER_PART_DAMAGED');
        assert.match(error.message, new RegExp(`${name} at byte \\d|file ${number}, offset \\d`));
        damaged++;
      }
      disk.disk.flipBit(path, at, bit);
      other.checkpoints.close(() => undefined);
      disk.settle();
    }
  }
  assert.ok(damaged > 20, `${damaged} were noticed`);
});

test('a snapshot that comes and does not end takes nothing from a node that had none', () => {
  const { disk, machine } = storedLedger(6);
  const ids = new BooksAdapter(machine.books).transfers().map(({ id }) => id);
  const [files, answers] = [disk.list(), answersOf(machine, ids)];
  const sink = machine.restore();
  for (const chunk of drawn(machine.snapshot())) sink.chunk(chunk);
  disk.settle();
  const left = disk.list();
  assert.deepEqual(
    files.filter((name) => !left.includes(name)),
    [],
  );
  assert.equal(answersOf(machine, ids), answers);
});

test('of starts that end before their snapshot is whole nothing is left behind', () => {
  const { machine } = storedLedger(7);
  const [first = new Uint8Array(0)] = drawn(machine.snapshot());
  const disk = new PartsDisk(8);
  const sizes: number[] = [];
  for (let start = 0; start < 4; start++) {
    const sink = openMachine(disk).restore();
    sink.chunk(first);
    disk.settle();
    sizes.push(disk.disk.usedBytes);
    disk.losePower();
  }
  assert.ok(Math.max(...sizes) <= (sizes[0] ?? 0) * 1.01, sizes.join());
});

test('what a checkpoint becomes for another node is the same at any time', () => {
  const { machine, chunks } = storedLedger(5);
  const expand = (): Uint8Array[] => {
    const expansion = machine.checkpoints.expand();
    const whole = chunks.flatMap((chunk) => expansion.expand(chunk).map((draw) => draw()));
    expansion.close();
    return whole;
  };
  const whole = expand();
  assert.ok(whole.length > 2);
  for (const chunk of whole) assert.ok(chunk.length <= 1024 * 1024);
  const books = new BooksAdapter(machine.books);
  books.pulse(9_900_000_000_000_000);
  assert.deepEqual(expand().map(toHex), whole.map(toHex));
  // Later chunks do not depend on what was drawn of earlier ones.
  const expansion = machine.checkpoints.expand();
  const draws = chunks.flatMap((chunk) => expansion.expand(chunk));
  const last = draws.at(-1);
  assert.ok(last !== undefined);
  assert.deepEqual(last(), whole.at(-1));
  expansion.close();
});
