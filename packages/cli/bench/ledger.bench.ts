import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectLedger } from '@quorate/client';
import { drawPairs } from './ledger/accounts-drawn.ts';
import { LedgerCluster } from './ledger/ledger-cluster.ts';
import { type LoadResult, loadBatches, loadCallers, openAccounts } from './ledger/load.ts';
import { type PostgresReport, postgresKinds, runPostgres } from './ledger/postgres-rows.ts';
import { quantile } from './ledger/quantile.ts';

/**
 * A ledger on three processes of this machine, each with a disk that is synced, and a client.
 * docs/guides/benchmarks.md says how to read it.
 */
const usage = `usage: npm run bench -- ledger [--only LIST] [--seconds N] [--directory DIR]

  --only LIST      of uniform,zipf,uniform-1m,zipf-1m,random-ids,callers,restart,
                   postgres-row-locks,postgres-batches (all; the last two where PostgreSQL is
                   installed)
  --seconds N      how long each load lasts (60), after a warm-up of a fifth of it
  --directory DIR  where the data directories are made (the system's for temporary files)`;

const loads = ['uniform', 'zipf', 'uniform-1m', 'zipf-1m', 'random-ids', 'callers'];
const kinds = [...loads, 'restart', ...postgresKinds];
const skew = 0.99;
const callerCount = 1000;
const restartTransfers = 10_000_000;

interface Row {
  readonly what: string;
  readonly transfersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failed: number;
  /** Of all members, a transfer. */
  readonly processorMicros: number;
  /** Of the log of one member, and of what members send each other in all, a transfer. */
  readonly logBytes: number;
  readonly wireBytes: number;
  readonly requestBytes: number;
  readonly diskMegabytesPerSecond: number;
  readonly residentMib: number;
  readonly load: number;
}

/** What writing and syncing alone reaches on the same disk, in MB/s. */
function diskLimit(directory: string): number {
  const path = join(directory, 'limit');
  const file = openSync(path, 'w');
  const block = new Uint8Array(1024 * 1024).fill(7);
  const startedMs = performance.now();
  let bytes = 0;
  while (performance.now() - startedMs < 3000) {
    writeSync(file, block);
    fdatasyncSync(file);
    bytes += block.length;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  closeSync(file);
  rmSync(path);
  return bytes / 1e6 / seconds;
}

async function measure(what: string, seconds: number, parent: string): Promise<Row> {
  const directory = join(parent, what);
  mkdirSync(directory);
  await using cluster = await LedgerCluster.start(directory);
  await using client = connectLedger({ endpoints: cluster.endpoints });
  const accounts = what.endsWith('-1m') ? 1_000_000 : 10_000;
  await openAccounts(client, accounts);
  const pairs = drawPairs(accounts, what.startsWith('zipf') ? skew : 0, 1);
  const run = (duration: number): Promise<LoadResult> => {
    const options = { pairs, seconds: duration, ids: idsOf(what) };
    if (what === 'callers') return loadCallers(client, options, callerCount);
    return loadBatches(client, options);
  };
  await run(seconds / 5);
  const before = await cluster.used();
  const result = await run(seconds);
  const after = await cluster.used();
  const { transfers, latencies } = result;
  return {
    what,
    transfersPerSecond: transfers / result.seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: latencies.at(-1) ?? 0,
    failed: result.failed,
    processorMicros: (after.processorMicros - before.processorMicros) / transfers,
    logBytes: (after.walBytes - before.walBytes) / 3 / transfers,
    wireBytes: (after.wireBytes - before.wireBytes) / transfers,
    requestBytes: result.requestBytes / transfers,
    diskMegabytesPerSecond: (after.writtenBytes - before.writtenBytes) / 1e6 / result.seconds,
    residentMib: after.residentBytes / 3 / 2 ** 20,
    load: loadavg()[0] ?? 0,
  };
}

function idsOf(what: string): 'time' | 'random' {
  return what === 'random-ids' ? 'random' : 'time';
}

/** @returns how long a member takes to answer again, with ten million transfers, in ms */
async function measureRestart(parent: string): Promise<number> {
  const directory = join(parent, 'restart');
  mkdirSync(directory);
  await using cluster = await LedgerCluster.start(directory);
  await using client = connectLedger({ endpoints: cluster.endpoints });
  await openAccounts(client, 10_000);
  const pairs = drawPairs(10_000, 0, 1);
  let transfers = 0;
  while (transfers < restartTransfers)
    transfers += (await loadBatches(client, { pairs, seconds: 2, ids: 'time' })).transfers;
  // Awaited here: the cluster ends with this block.
  return await cluster.restart(0);
}

function print(row: Row): void {
  console.log(
    `${row.what}: ${Math.round(row.transfersPerSecond).toLocaleString('en')} transfers/s, ` +
      `p50 ${row.p50Ms.toFixed(1)}, p99 ${row.p99Ms.toFixed(1)}, max ${row.maxMs.toFixed(1)} ms; ` +
      `${row.processorMicros.toFixed(2)} us of processor in three members, ` +
      `${row.logBytes.toFixed(1)} bytes in each log, ` +
      `${row.wireBytes.toFixed(1)} between members, ` +
      `${row.requestBytes.toFixed(1)} from the client; ` +
      `${row.diskMegabytesPerSecond.toFixed(0)} MB/s written, ${row.residentMib.toFixed(0)} MiB ` +
      `each, ${row.failed} failed (load ${row.load.toFixed(1)})`,
  );
}

interface Ratio {
  readonly ledger: string;
  readonly postgres: string;
  /** How many times as many transfers a second the ledger does. */
  readonly times: number;
}

/** Each row of PostgreSQL beside the ledger's full batches, and beside its single transfers. */
function compare(rows: readonly Row[], report: PostgresReport): readonly Ratio[] {
  const compared = rows.filter(({ what }) => what === 'uniform' || what === 'callers');
  return report.rows.flatMap((postgres) =>
    compared.map((ledger) => ({
      ledger: ledger.what,
      postgres: postgres.what,
      times: ledger.transfersPerSecond / postgres.transfersPerSecond,
    })),
  );
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: kinds.join(',') },
    seconds: { type: 'string', default: '60' },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});
const only = values.only.split(',');
const seconds = Number(values.seconds);
const unknown = only.find((kind) => !kinds.includes(kind));
if (values.help || unknown !== undefined || !(seconds > 0 && seconds <= 3600)) {
  if (unknown !== undefined) console.error(`--only: '${unknown}' is not of ${kinds.join()}`);
  else if (!values.help) console.error(`--seconds: '${values.seconds}' is not from 1 to 3600`);
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const parent = mkdtempSync(join(values.directory, 'quorate-ledger-bench-'));
// Also when a signal ends it while PostgreSQL runs.
process.on('exit', () => rmSync(parent, { recursive: true, force: true }));
const cores = availableParallelism();
console.log(`three members and a client, ${cores} cores, batches of 8190`);
const limit = diskLimit(parent);
console.log(`the disk takes ${limit.toFixed(0)} MB/s, a mebibyte at a time, each synced`);
const rows: Row[] = [];
for (const what of only.filter((kind) => loads.includes(kind))) {
  const row = await measure(what, seconds, parent);
  rows.push(row);
  print(row);
  rmSync(join(parent, what), { recursive: true });
}
let restartMs: number | null = null;
if (only.includes('restart')) {
  restartMs = await measureRestart(parent);
  console.log(`a member with ten million transfers answers ${restartMs.toFixed(0)} ms after`);
}
const asked = only.filter((kind) => postgresKinds.includes(kind));
const report = asked.length > 0 ? await runPostgres(asked, seconds, values.directory) : null;
const ratios = report === null ? [] : compare(rows, report);
for (const { ledger, postgres, times } of ratios)
  console.log(`${ledger}, three replicas: ${times.toFixed(1)} times ${postgres}, one server`);
if (report !== null && report.failures.length > 0) process.exitCode = 1;
const summary = { bench: 'ledger', cores, seconds, diskLimitMegabytesPerSecond: limit };
console.log(JSON.stringify({ ...summary, restartMs, rows, postgres: report, ratios }));
