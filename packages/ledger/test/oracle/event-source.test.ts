import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownAccountFlags } from '../../src/model/account.ts';
import { AccountResult } from '../../src/model/account-results.ts';
import { knownTransferFlags } from '../../src/model/transfer.ts';
import { TransferResult } from '../../src/model/transfer-results.ts';
import { EventSource, type SourceOptions } from './event-source.ts';
import { playEntry } from './ledger-entry.ts';
import { OracleBooks } from './oracle-books.ts';

interface Tally {
  readonly accounts: Map<number, number>;
  readonly transfers: Map<number, number>;
  /** Of events, whatever became of them. */
  readonly transferFlags: Map<number, number>;
}

function tallyOf(seed: number, batches: number, options: SourceOptions): Tally {
  const tally = {
    accounts: new Map<number, number>(),
    transfers: new Map<number, number>(),
    transferFlags: new Map<number, number>(),
  };
  const source = new EventSource(seed, options);
  const books = new OracleBooks();
  for (let drawn = 0; drawn < batches; drawn++) {
    const entry = source.next();
    const { results } = playEntry(books, entry);
    source.hear(results);
    if (entry.kind === 'pulse') continue;
    for (const result of results) count(tally[entry.kind], result);
    if (entry.kind === 'accounts') continue;
    for (const { flags = 0 } of entry.events) count(tally.transferFlags, flags);
  }
  return tally;
}

function count(tally: Map<number, number>, key: number): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

function missing(tally: Map<number, number>, names: object): string[] {
  const all = Object.entries(names);
  return all.filter(([, number]) => !tally.has(number as number)).map(([name]) => name);
}

const fieldBits = new Map([
  ['userData64', 64],
  ['timestamp', 64],
  ['userData32', 32],
  ['timeout', 32],
  ['ledger', 32],
  ['code', 16],
  ['flags', 16],
]);

function bitsOf(field: string): number {
  return fieldBits.get(field) ?? 128;
}

/** The combinations of known flags that do not occur. */
function unseen(seen: ReadonlySet<number>, known: number): number[] {
  const all = Array.from({ length: known + 1 }, (_, flags) => flags);
  return all.filter((flags) => (flags & ~known) === 0 && !seen.has(flags));
}

describe('the source of events', () => {
  const options = { largestBatch: 1000 };
  const batches = 600;

  it('reaches each result within 600 entries, whatever the seed', () => {
    for (const seed of [1, 2, 3]) {
      const tally = tallyOf(seed, batches, options);
      assert.deepEqual(missing(tally.accounts, AccountResult), [], `accounts, seed ${seed}`);
      assert.deepEqual(missing(tally.transfers, TransferResult), [], `transfers, seed ${seed}`);
    }
  });

  it('draws each combination of flags within 6000 entries', () => {
    const source = new EventSource(4, options);
    const seen = { accounts: new Set<number>(), transfers: new Set<number>() };
    for (let drawn = 0; drawn < 6000; drawn++) {
      const entry = source.next();
      if (entry.kind === 'pulse') continue;
      for (const { flags = 0 } of entry.events) seen[entry.kind].add(flags);
    }
    assert.deepEqual(unseen(seen.accounts, knownAccountFlags), []);
    assert.deepEqual(unseen(seen.transfers, knownTransferFlags), []);
  });

  it('lets a fair part of the transfers succeed', () => {
    const { transfers } = tallyOf(5, batches, options);
    const all = transfers.values().reduce((sum, one) => sum + one, 0);
    assert.ok((transfers.get(TransferResult.ok) ?? 0) > all / 5);
  });

  it('draws plain transfers that nearly all succeed, if asked for', () => {
    const { transfers, transferFlags } = tallyOf(6, 100, { ...options, mode: 'plain' });
    const all = transfers.values().reduce((sum, one) => sum + one, 0);
    assert.ok((transfers.get(TransferResult.ok) ?? 0) > all * 0.98);
    assert.deepEqual([...transferFlags.keys()], [0]);
  });

  it('draws batches of thousands that mostly succeed, if asked for', () => {
    const { transfers } = tallyOf(1, 60, { mode: 'long', bulkShare: 0.5 });
    const all = transfers.values().reduce((sum, one) => sum + one, 0);
    assert.ok(all > 60_000, `${all}`);
    assert.ok((transfers.get(TransferResult.ok) ?? 0) > all * 0.6);
  });

  it('draws the same entries from the same seed', () => {
    const [a, b, c] = [new EventSource(7), new EventSource(7), new EventSource(8)];
    const drawn = [a, b, c].map((source) => Array.from({ length: 40 }, () => source.next()));
    assert.deepEqual(drawn[0], drawn[1]);
    assert.notDeepEqual(drawn[0], drawn[2]);
  });

  it('draws numbers that fit into their fields, up to the largest', () => {
    const source = new EventSource(10, options);
    const largest = new Map<string, bigint>();
    for (let drawn = 0; drawn < 1000; drawn++) {
      const entry = source.next();
      if (entry.kind === 'pulse') continue;
      for (const event of entry.events) {
        for (const [field, value] of Object.entries(event)) {
          const number = BigInt(value);
          assert.ok(number >= 0n && number < 1n << BigInt(bitsOf(field)), `${field} ${number}`);
          if (number > (largest.get(field) ?? -1n)) largest.set(field, number);
        }
      }
    }
    for (const field of [
      'id',
      'amount',
      'userData128',
      'userData64',
      'timeout',
      'ledger',
      'code',
    ]) {
      const number = largest.get(field) ?? 0n;
      assert.ok(number >= 1n << BigInt(bitsOf(field) - 1), `${field} ${number} is the largest`);
    }
  });

  it('draws times that strictly increase', () => {
    const source = new EventSource(9, options);
    const times = Array.from({ length: 500 }, () => source.next().timestampMicros);
    assert.ok(times.every((time, i) => i === 0 || time > (times[i - 1] as number)));
  });
});
