import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { AccountResult } from '../src/model/account-results.ts';
import { keepsId, TransferResult } from '../src/model/transfer-results.ts';

const page = readFileSync(
  new URL('../../../docs/reference/ledger-results.md', import.meta.url),
  'utf8',
);

/** The cells of the rows between a heading and the next. */
function rowsBelow(heading: string): string[][] {
  const from = page.indexOf(`\n## ${heading}\n`);
  assert.ok(from >= 0, heading);
  const section = page.slice(from + 1, page.indexOf('\n## ', from + 1));
  const rows = section.split('\n').filter((line) => /^\| \d/.test(line));
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}

function numbersAndNames(rows: readonly string[][]): [string, number][] {
  return rows.map(([number, name = '']) => [name.replaceAll('`', ''), Number(number)]);
}

describe('the page about results', () => {
  it('has a row for each result of an account, in order, and for none besides', () => {
    const rows = rowsBelow('Accounts');
    assert.deepEqual(numbersAndNames(rows), Object.entries(AccountResult));
    for (const row of rows) assert.equal(row.length, 4, row[1]);
  });

  it('has a row for each result of a transfer, in order, and for none besides', () => {
    const rows = rowsBelow('Transfers');
    assert.deepEqual(numbersAndNames(rows), Object.entries(TransferResult));
    for (const row of rows) assert.equal(row.length, 5, row[1]);
  });

  it('says of each result of a transfer what becomes of the id', () => {
    const { ok, existsWithDifferentFlags, exists, idAlreadyFailed } = TransferResult;
    for (const [number, name, id] of rowsBelow('Transfers')) {
      const result = Number(number);
      const isThere = result >= existsWithDifferentFlags && result <= exists;
      let fate = 'free';
      if (keepsId(result) || result === idAlreadyFailed) fate = 'kept';
      if (result === ok || isThere) fate = 'used';
      assert.equal(id, fate, name);
    }
  });

  it('refers only to rows of the same table that are there', () => {
    for (const heading of ['Accounts', 'Transfers']) {
      const rows = rowsBelow(heading);
      const numbers = new Set(rows.map(([number]) => Number(number)));
      for (const row of rows) {
        const referred = /^as (\d+)/.exec(row.at(-1) ?? '')?.[1];
        if (referred !== undefined) assert.ok(numbers.has(Number(referred)), row[1]);
      }
    }
  });
});
