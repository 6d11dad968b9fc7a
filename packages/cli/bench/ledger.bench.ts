import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectLedger } from '@quorate/client';
import { drawPairs } from './ledger/accounts-drawn.ts';
import { LedgerCluster } from './ledger/ledger-cluster.ts';
import {
  type LedgerRow,
  ledgerKinds,
  measureLedger,
  printLedgerRow,
} from './ledger/ledger-rows.ts';
import { loadBatches, openAccounts } from './ledger/load.ts';
import { type PostgresReport, postgresKinds, runPostgres } from './ledger/postgres-rows.ts';

/**
 * A ledger on three processes of this machine, each with a disk that is synced, and a client.
 * docs/guides/benchmarks.md says how to read it.
 */
const usage = `usage: npm run bench -- ledger [--only LIST] [--seconds N] [--directory DIR]

  --only LIST      of uniform,zipf,uniform-1m,zipf-1m,random-ids,callers,clients,restart,
                   postgres-row-locks,postgres-batches (all; the last two where PostgreSQL is
                   installed)
  --seconds N      how long each load lasts (60; clients 20), after a warm-up of a fifth of it
  --directory DIR  where the data directories are made (the system's for temporary files)`;

const kinds = [...ledgerKinds, 'restart', ...postgresKinds];
const usualSeconds = 60;
/** Of loads that show as much in less. */
const shortSeconds: Readonly<Record<string, number>> = { clients: 20 };
const restartTransfers = 10_000_000;

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

interface Ratio {
  readonly ledger: string;
  readonly postgres: string;
  /** How many times as many transfers a second the ledger does. */
  readonly times: number;
}

/** Each row of PostgreSQL beside the ledger's full batches, and beside its single transfers. */
function compare(rows: readonly LedgerRow[], report: PostgresReport): readonly Ratio[] {
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
    seconds: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
});
const only = values.only.split(',');
const seconds = Number(values.seconds ?? usualSeconds);
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
const rows: LedgerRow[] = [];
for (const what of only.filter((kind) => ledgerKinds.includes(kind))) {
  const own = values.seconds === undefined ? (shortSeconds[what] ?? seconds) : seconds;
  const row = await measureLedger(what, own, parent);
  rows.push(row);
  printLedgerRow(row);
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
const summary = { bench: 'ledger', cores, seconds, restartMs };
console.log(JSON.stringify({ ...summary, rows, postgres: report, ratios }));
