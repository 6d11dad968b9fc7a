import { describe } from 'node:test';
import { booksCases } from '../cases/books-cases.ts';
import { testCases } from '../cases/ledger-case.ts';
import { testTimestamps } from '../cases/timestamp-cases.ts';
import { OracleBooks } from './oracle-books.ts';

describe('the slowest right books', () => {
  testCases(booksCases, () => new OracleBooks());
  testTimestamps(() => new OracleBooks());
});
