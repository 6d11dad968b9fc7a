import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { drawPairs } from './accounts-drawn.ts';
import type { LoadResult } from './load.ts';
import { loadSets } from './postgres-batches.ts';
import { serverProcessorMicros } from './postgres-processor.ts';
import { findPostgres, type PostgresPrograms } from './postgres-programs.ts';
import { loadRowLocks } from './postgres-row-locks.ts';
import { PostgresServer } from './postgres-server.ts';
import type { PostgresSession } from './postgres-session.ts';
import { quantile } from './quantile.ts';

export const postgresKinds: readonly string[] = ['postgres-row-locks', 'postgres-batches'];

const accounts = 10_000;
const schema = readFileSync(new URL('./postgres-schema.sql', import.meta.url), 'utf8');
/** The checkpoint, so that its writing does not fall into a load. */
const fill = `
  INSERT INTO accounts (id, ledger, code) SELECT n, 1, 1 FROM generate_series(1, ${accounts}) n;
  VACUUM ANALYZE;
  CHECKPOINT;`;
const books = `
  SELECT (SELECT sum(debits_posted) FROM accounts), (SELECT sum(credits_posted) FROM accounts),
    sum(amount), count(*) FROM transfers;`;

/** What PostgreSQL came to. Latencies are of batches, or of transfers where each is sent alone. */
export interface PostgresRow {
  readonly what: string;
  readonly transfersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failed: number;
  /** Of the server and its connections, a transfer; null where there is no /proc. */
  readonly processorMicros: number | null;
  /** Of its log, a transfer. */
  readonly logBytes: number;
  /** Of the table of transfers and its index, a transfer. */
  readonly tableBytes: number;
  readonly load: number;
}

/** All rows of PostgreSQL that were asked for, and what became of them. */
export interface PostgresReport {
  /** Which one ran; null when there is none. */
  readonly version: string | null;
  readonly replicas: 1;
  /** Why there are no rows. */
  readonly skipped: string | null;
  readonly rows: readonly PostgresRow[];
  /** Of each row that failed, why. */
  readonly failures: readonly string[];
}

/** Each row on a server of its own, one after the other; prints them. */
export async function runPostgres(
  kinds: readonly string[],
  seconds: number,
  parent: string,
): Promise<PostgresReport> {
  const programs = findPostgres();
  if ('missing' in programs) {
    console.log(`${kinds.join(', ')}: skipped: ${programs.missing}`);
    return { version: null, replicas: 1, skipped: programs.missing, rows: [], failures: [] };
  }
  const { version } = programs;
  console.log(`${version}: one server with no replica, where the ledger has three; synced commits`);
  const rows: PostgresRow[] = [];
  const failures: string[] = [];
  for (const what of kinds) {
    try {
      const row = await measure(what, seconds, programs, parent);
      rows.push(row);
      print(row);
    } catch (error) {
      const failure = `${what}: ${error instanceof Error ? error.message : String(error)}`;
      failures.push(failure);
      console.error(`${failure}: failed`);
    }
  }
  return { version, replicas: 1, skipped: null, rows, failures };
}

async function measure(
  what: string,
  seconds: number,
  programs: PostgresPrograms,
  parent: string,
): Promise<PostgresRow> {
  await using server = await PostgresServer.start(programs, parent);
  const session = server.connect();
  await session.run(schema + fill);
  const pairs = drawPairs(accounts, 0, 1);
  const load = (duration: number, run: number): Promise<LoadResult> => {
    if (what === 'postgres-row-locks')
      return loadRowLocks(server, { accounts, seconds: duration, run });
    return loadSets(server, { pairs, seconds: duration, run });
  };
  const warm = await load(seconds / 5, 1);
  const logBefore = await session.run('SELECT pg_current_wal_lsn();');
  const microsBefore = serverProcessorMicros(server.processId);
  const result = await load(seconds, 2);
  const microsAfter = serverProcessorMicros(server.processId);
  const loadAverage = loadavg()[0] ?? 0;
  const { transfers, latencies } = result;
  const logBytes = await session.run(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '${logBefore}');`,
  );
  const tableBytes = await session.run(`SELECT pg_total_relation_size('transfers');`);
  const all = warm.transfers + transfers;
  await checkBooks(session, all);
  return {
    what,
    transfersPerSecond: transfers / result.seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: latencies.at(-1) ?? 0,
    failed: result.failed,
    processorMicros:
      microsBefore === null || microsAfter === null
        ? null
        : (microsAfter - microsBefore) / transfers,
    logBytes: Number(logBytes) / transfers,
    tableBytes: Number(tableBytes) / all,
    load: loadAverage,
  };
}

/** @throws Error when the accounts are not what the transfers make them, or one is missing */
async function checkBooks(session: PostgresSession, acknowledged: number): Promise<void> {
  const [debits, credits, amounts, count] = (await session.run(books)).split('|');
  const isBalanced = amounts !== '' && debits === amounts && credits === amounts;
  if (isBalanced && Number(count) === acknowledged) return;
  throw new Error(
    `the books do not hold: debits ${debits}, credits ${credits}, amounts ${amounts}, ` +
      `${count} transfers there of ${acknowledged} answered`,
  );
}

function print(row: PostgresRow): void {
  const micros = row.processorMicros?.toFixed(2) ?? 'an unknown number of';
  console.log(
    `${row.what}: ${Math.round(row.transfersPerSecond).toLocaleString('en')} transfers/s, ` +
      `p50 ${row.p50Ms.toFixed(1)}, p99 ${row.p99Ms.toFixed(1)}, max ${row.maxMs.toFixed(1)} ms; ` +
      `${micros} us of processor, ${row.logBytes.toFixed(1)} bytes in its log, ` +
      `${row.tableBytes.toFixed(1)} in its table; ${row.failed} failed, the books hold ` +
      `(load ${row.load.toFixed(1)})`,
  );
}
