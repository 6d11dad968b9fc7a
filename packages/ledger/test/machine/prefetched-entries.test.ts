import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppliedEntry } from '@quorate/base';
import { AccountBatchBuilder } from '../../src/columns/account-batch-builder.ts';
import { TransferBatchBuilder } from '../../src/columns/transfer-batch-builder.ts';
import { encodeLedgerCommand } from '../../src/machine/ledger-command.ts';
import { LedgerMachine } from '../../src/machine/ledger-machine.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { directory, PartsDisk } from '../parts/parts-disk.ts';
import { drawn, restore } from './checkpointed-books.ts';

const limits = { transfersPerChunk: 32, loadedBytes: 4000 };
const transfers = 3200;

/** A machine on a disk, with many more chunks than may be in memory. */
class DiskMachine {
  readonly disk = new PartsDisk();
  readonly machine: LedgerMachine;
  #index = 0;

  constructor(count = transfers) {
    this.machine = new LedgerMachine({ hashSeed: 7, limits });
    this.machine.checkpoints.open(this.disk.place());
    const accounts = new AccountBatchBuilder();
    for (const id of [1n, 2n]) accounts.add({ id, ledger: 1, code: 1 });
    const batch = accounts.encode();
    this.machine.apply([this.entry(encodeLedgerCommand({ kind: 'accounts', batch }))]);
    for (let at = 1; at <= count; at += 100)
      this.machine.apply([this.transfersOf(Array.from({ length: 100 }, (_, more) => at + more))]);
    this.disk.settle();
  }

  get reads(): number {
    return this.machine.books.state.transfers.sealed.reads;
  }

  entry(command: Uint8Array): AppliedEntry {
    const index = ++this.#index;
    return { index, term: 1, timestampMicros: index * 1000, command };
  }

  transfersOf(ids: readonly number[]): AppliedEntry {
    const sides = { debitAccountId: 1n, creditAccountId: 2n, amount: 5n, ledger: 1, code: 1 };
    const builder = new TransferBatchBuilder();
    for (const id of ids) builder.add({ id: BigInt(id), ...sides });
    return this.entry(encodeLedgerCommand({ kind: 'transfers', batch: builder.encode() }));
  }

  /** What was put in is durable, and in no memory any more. */
  persist(): void {
    const checkpoint = this.machine.checkpoints.take(this.#index);
    while (checkpoint.next().done !== true);
    checkpoint.persist(() => undefined);
    this.disk.settle();
  }

  /** @returns what `prefetch` has called back with, as it goes on */
  prefetch(entries: readonly AppliedEntry[]): (Error | null)[] {
    const answers: (Error | null)[] = [];
    this.machine.prefetch(entries, (error) => void answers.push(error));
    return answers;
  }

  /** The results of one entry, all the same. */
  resultOf(entry: AppliedEntry): number | undefined {
    const [answer] = this.machine.apply([entry]);
    assert.ok(answer?.kind === 'results');
    const results = new Set(answer.failures.map(({ result }) => result));
    assert.ok(results.size <= 1);
    return [...results][0];
  }
}

const old = Array.from({ length: transfers }, (_, at) => ((at * 1117) % transfers) + 1);

test('entries that need nothing from the disk are ready at once', () => {
  const here = new DiskMachine();
  const fresh = here.transfersOf([transfers + 1, transfers + 2]);
  const pulse = here.entry(encodeLedgerCommand({ kind: 'pulse' }));
  for (const entries of [[fresh], [fresh, pulse], [pulse], []])
    assert.deepEqual(here.prefetch(entries), [null]);
  assert.equal(here.reads, 0);
  const inMemory = new LedgerMachine();
  const answers: (Error | null)[] = [];
  inMemory.prefetch([here.transfersOf(old)], (error) => void answers.push(error));
  assert.deepEqual(answers, [null]);
});

test('old transfers are read in many turns, each chunk once, and apply reads none', () => {
  const here = new DiskMachine();
  const entries = [here.transfersOf(old), here.transfersOf(old.slice(0, 500))];
  const answers = here.prefetch(entries);
  let turns = 1;
  let last = 0;
  while (answers.length === 0) {
    assert.ok(here.reads - last <= 4, 'little is read in a turn');
    last = here.reads;
    assert.ok(here.disk.scheduler.step(Number.POSITIVE_INFINITY), 'it goes on by itself');
    turns++;
  }
  assert.deepEqual(answers, [null]);
  assert.ok(turns > 20, `${turns} turns`);
  assert.ok(here.reads <= transfers / limits.transfersPerChunk + 1, `${here.reads} reads`);
  const { reads } = here;
  // One by one, as they come out of sessions.
  for (const entry of entries) assert.equal(here.resultOf(entry), TransferResult.exists);
  assert.equal(here.reads, reads);
  assert.equal(here.machine.books.state.transfers.gathered, null);
});

test('apply answers the same where nothing was asked for in advance', () => {
  const here = new DiskMachine();
  assert.equal(here.resultOf(here.transfersOf(old.slice(0, 300))), TransferResult.exists);
  assert.ok(here.reads > 100);
});

test('what is damaged is said, in the first turn and in a later one', () => {
  for (const ids of [old.slice(0, 1), old]) {
    const here = new DiskMachine();
    here.persist();
    for (const name of here.disk.list().filter((one) => one.startsWith('history'))) {
      const path = `${directory}/${name}`;
      const { length } = here.disk.disk.blocking.readFile(path);
      for (let at = 20; at < length; at += 50) here.disk.disk.flipBit(path, at, 3);
    }
    const answers = here.prefetch([here.transfersOf(ids)]);
    here.disk.settle();
    assert.equal(answers.length, 1);
    assert.equal((answers[0] as { code?: string } | null)?.code, 'LEDGER_PART_DAMAGED');
  }
});

test('a machine that is closed meanwhile reads nothing more, and does not answer', () => {
  const here = new DiskMachine();
  const answers = here.prefetch([here.transfersOf(old)]);
  const { reads } = here;
  here.machine.checkpoints.close(() => undefined);
  here.disk.settle();
  assert.deepEqual([answers.length, here.reads], [0, reads]);
});

test('what is restored meanwhile has nothing of what was gathered', () => {
  const here = new DiskMachine();
  const entry = here.transfersOf(old);
  const answers = here.prefetch([entry]);
  const other = new DiskMachine(0);
  restore(here.machine, drawn(other.machine.snapshot()));
  here.disk.settle();
  assert.deepEqual(answers, [null]);
  assert.equal(here.machine.books.state.transfers.gathered, null);
  assert.equal(here.resultOf(entry), undefined);
});
