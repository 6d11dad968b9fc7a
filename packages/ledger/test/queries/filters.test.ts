import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LedgerError } from '../../src/ledger-error.ts';
import {
  type AccountFilter,
  checkAccountFilter,
  checkQueryFilter,
  type QueryFilter,
} from '../../src/queries/filters.ts';

const max128 = 2n ** 128n - 1n;
const max64 = 2n ** 64n - 1n;

const wrongQueries: readonly (readonly [string, QueryFilter])[] = [
  ['userData128', { userData128: max128 + 1n }],
  ['userData128', { userData128: -1n }],
  ['userData64', { userData64: max64 + 1n }],
  ['userData32', { userData32: 2 ** 32 }],
  ['userData32', { userData32: 1.5 }],
  ['ledger', { ledger: -1 }],
  ['ledger', { ledger: Number.NaN }],
  ['code', { code: 65_536 }],
  ['timestampMin', { timestampMin: 8n, timestampMax: 7n }],
  ['timestampMin', { timestampMin: max64 }],
  ['timestampMax', { timestampMax: max64 }],
  ['timestampMax', { timestampMax: -1n }],
  ['limit', { limit: 0 }],
  ['limit', { limit: 8191 }],
  ['limit', { limit: 0.5 }],
];

const wrongAccountFilters: readonly (readonly [string, AccountFilter])[] = [
  ['accountId', { accountId: 0n }],
  ['accountId', { accountId: max128 }],
  ['debits', { accountId: 1n, debits: false, credits: false }],
  ['code', { accountId: 1n, code: 65_536 }],
  ['limit', { accountId: 1n, limit: 8191 }],
];

function refuses(field: string, check: () => unknown): void {
  assert.throws(check, (error) => {
    assert.ok(error instanceof LedgerError);
    assert.equal(error.code, 'LEDGER_FIELD_INVALID');
    assert.equal((error.metadata as { field: string }).field, field);
    assert.match(error.message, /ask/);
    return true;
  });
}

describe('a filter', () => {
  for (const [field, filter] of wrongQueries) {
    test(`of a query is refused for its ${field}: ${Object.values(filter).join(', ')}`, () => {
      refuses(field, () => checkQueryFilter(filter));
    });
  }

  for (const [field, filter] of wrongAccountFilters) {
    test(`of an account is refused for its ${field}: ${Object.values(filter).join(', ')}`, () => {
      refuses(field, () => checkAccountFilter(filter));
    });
  }

  test('that asks for nothing finds the oldest 8190 of any time', () => {
    const { limit, reversed, timestampMin, timestampMax } = checkQueryFilter({});
    assert.deepEqual([limit, reversed], [8190, false]);
    assert.deepEqual([timestampMin, timestampMax], [0n, max64 - 1n]);
  });

  test('takes the largest values that there are', () => {
    const filter = {
      ...{ accountId: max128 - 1n, userData128: max128, userData64: max64 },
      ...{ userData32: 2 ** 32 - 1, code: 65_535, limit: 8190, reversed: true },
      ...{ timestampMin: max64 - 1n, timestampMax: max64 - 1n, debits: false, credits: true },
    };
    assert.deepEqual(checkAccountFilter(filter), filter);
  });
});
