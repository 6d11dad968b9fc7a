/**
 * What queries take over many transfers: `npm run bench -- queries [COUNT]`, four million when no
 * count is given. Prints how long each took as a whole, how many turns that was and the longest of
 * them, and ends with one JSON line. Runs differ; only large ratios mean anything.
 */
import { Prng } from '@quorate/base';
import { Books } from '../src/books/books.ts';
import type { BooksState } from '../src/books/books-state.ts';
import { AccountBatchBuilder } from '../src/columns/account-batch-builder.ts';
import { TransferBatchBuilder } from '../src/columns/transfer-batch-builder.ts';
import { AccountFlag } from '../src/model/account.ts';
import { AccountBalancesScan } from '../src/queries/account-balances-scan.ts';
import { AccountTransfersScan } from '../src/queries/account-transfers-scan.ts';
import { balanceAt } from '../src/queries/balance-at.ts';
import { LookupTransfersScan } from '../src/queries/lookup.ts';
import { QueryAccountsScan } from '../src/queries/query-accounts-scan.ts';
import { QueryTransfersScan } from '../src/queries/query-transfers-scan.ts';
import type { Scan } from '../src/queries/scan.ts';
import { TotalsScan } from '../src/queries/totals-scan.ts';

const SEED = 7;
const ACCOUNTS = 100_000;
const BATCH = 8190;
const HOT = 1n;
const COLD = 2n;
const WITH_HISTORY = 3n;
const STARTED = 1_700_000_000_000_000;

const count = Number(process.argv[2] ?? 4_000_000);
const prng = new Prng(SEED);

function openAccounts(books: Books): void {
  const builder = new AccountBatchBuilder();
  for (let from = 1; from <= ACCOUNTS; from += 8000) {
    builder.clear();
    for (let id = from; id < from + 8000 && id <= ACCOUNTS; id++) {
      const flags = BigInt(id) === WITH_HISTORY ? AccountFlag.history : 0;
      builder.add({ id: BigInt(id), ledger: 1, code: 1 + (id % 500), flags });
    }
    books.createAccounts(builder.encode(), STARTED + from);
  }
}

/** The hot account has a third of all transfers, the cold one three, one of them the first. */
function fill(books: Books): void {
  const builder = new TransferBatchBuilder();
  for (let from = 0; from < count; from += BATCH) {
    builder.clear();
    for (let i = from; i < Math.min(count, from + BATCH); i++) {
      const isCold = i === 0 || i === Math.floor(count / 2) || i === count - 1;
      const isHistory = from > count - 3 * BATCH && i % 2 === 0;
      let debit = i % 3 === 0 ? HOT : BigInt(prng.between(4, ACCOUNTS));
      if (isHistory) debit = WITH_HISTORY;
      builder.add({
        id: BigInt(i + 1),
        debitAccountId: isCold ? COLD : debit,
        creditAccountId: BigInt(ACCOUNTS - 1 - prng.below(1000)),
        amount: BigInt(prng.between(1, 10_000)),
        userData128: BigInt(prng.uint32()) << 64n,
        userData32: i === count >> 2 ? 77 : prng.between(1000, 2_000_000),
        ledger: 1,
        code: prng.between(1, 20),
      });
    }
    books.createTransfers(builder.encode(), STARTED + 1_000_000 + from);
  }
}

interface Took {
  readonly found: number;
  readonly turns: number;
  readonly ms: number;
  readonly longestMs: number;
}

/** The second of two runs: the first one compiles. */
function measure(make: () => Scan<unknown>): Took {
  let took = run(make);
  took = run(make);
  return took;
}

function run(make: () => Scan<unknown>): Took {
  const start = performance.now();
  const scan = make();
  let before = start;
  let [turns, longestMs] = [0, 0];
  for (let done = false; !done; turns++) {
    done = scan.advance();
    const now = performance.now();
    longestMs = Math.max(longestMs, now - before);
    before = now;
  }
  const ms = Math.round((before - start) * 100) / 100;
  return { found: scan.results.length, turns, ms, longestMs: Math.round(longestMs * 100) / 100 };
}

function queries(state: BooksState): Record<string, () => Scan<unknown>> {
  const { transfers } = state;
  const early = transfers.timestamp(Math.floor(count / 10));
  const account =
    (filter: object, accountId = HOT) =>
    (): Scan<unknown> =>
      new AccountTransfersScan(state, { ...filter, accountId });
  const query = (filter: object) => (): Scan<unknown> => new QueryTransfersScan(state, filter);
  const ids = Array.from({ length: BATCH }, () => BigInt(prng.between(1, count)));
  return {
    'cold account': account({}, COLD),
    'usual account': account({}, 5000n),
    'hot account, newest 10': account({ limit: 10, reversed: true }),
    'hot account, newest': account({ reversed: true }),
    'hot account, oldest': account({}),
    'hot account, old range, newest': account({ timestampMax: early, reversed: true }),
    'hot account, rare field': account({ userData32: 77, reversed: true }),
    'one field, seldom': query({ userData32: 77 }),
    'one field, never': query({ userData128: 5n }),
    'two fields, often': query({ code: 3, ledger: 1 }),
    'three fields, never': query({ code: 3, ledger: 1, userData128: 1n << 64n }),
    'another ledger': query({ ledger: 2 }),
    'history, oldest': () => new AccountBalancesScan(state, { accountId: WITH_HISTORY }),
    'history, of one code': () =>
      new AccountBalancesScan(state, { accountId: WITH_HISTORY, code: 3 }),
    ids: () => new LookupTransfersScan(state, ids),
    'accounts, of one code': () => new QueryAccountsScan(state, { code: 7 }),
    'accounts, all': () => new QueryAccountsScan(state, {}),
    totals: () => new TotalsScan(state),
  };
}

const books = new Books();
openAccounts(books);
const started = performance.now();
fill(books);
console.log(`${count} transfers, carried out in ${Math.round(performance.now() - started)} ms`);
const { state } = books;
const results: Record<string, Took> = {};
for (const [what, make] of Object.entries(queries(state))) {
  const took = measure(make);
  results[what] = took;
  console.log(`  ${what.padEnd(34)}${JSON.stringify(took)}`);
}
const last = state.transfers.timestamp(count - 1);
const lookStarted = performance.now();
const looks = 10_000;
for (let i = 0; i < looks; i++) balanceAt(state, WITH_HISTORY, last - BigInt(i));
const balanceAtNanos = Math.round(((performance.now() - lookStarted) * 1_000_000) / looks);
console.log(`  ${'balance at a moment'.padEnd(34)}${balanceAtNanos} ns`);
console.log(JSON.stringify({ bench: 'queries', count, results, balanceAtNanos }));
