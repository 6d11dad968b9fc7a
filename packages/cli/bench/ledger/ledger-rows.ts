import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { connectLedger } from '@quorate/client';
import { drawPairs } from './accounts-drawn.ts';
import { diskLimit } from './disk-limit.ts';
import { LedgerCluster } from './ledger-cluster.ts';
import { type LoadResult, loadBatches, loadCallers, openAccounts } from './load.ts';
import { SeparateClients } from './load-clients.ts';
import { quantile } from './quantile.ts';

/** The loads that there are. */
export const ledgerKinds: readonly string[] = [
  'uniform',
  'zipf',
  'uniform-1m',
  'zipf-1m',
  'random-ids',
  'callers',
  'clients',
];
const skew = 0.99;
/** Of `callers` and of `clients`. */
const clientCount = 1000;

/** What one load of the ledger came to. */
export interface LedgerRow {
  readonly what: string;
  readonly seconds: number;
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
  /** By all members, which share the disk. */
  readonly diskMegabytesPerSecond: number;
  /** What writing and syncing alone reached on it right before, and right after. */
  readonly diskLimitsMegabytesPerSecond: readonly [before: number, after: number];
  /** Of the limit: of the mean of the two. */
  readonly diskShare: number;
  readonly residentMib: number;
  readonly load: number;
}

/** @param what of `ledgerKinds`; on three members of its own, in a new directory in `parent` */
export async function measureLedger(
  what: string,
  seconds: number,
  parent: string,
): Promise<LedgerRow> {
  const directory = join(parent, what);
  mkdirSync(directory);
  await using cluster = await LedgerCluster.start(directory);
  await using client = connectLedger({ endpoints: cluster.endpoints });
  const accounts = what.endsWith('-1m') ? 1_000_000 : 10_000;
  await openAccounts(client, accounts);
  const pairs = drawPairs(accounts, what.startsWith('zipf') ? skew : 0, 1);
  await using clients = await SeparateClients.connect(
    cluster.endpoints,
    what === 'clients' ? clientCount : 0,
  );
  const run = (duration: number): Promise<LoadResult> => {
    const ids = what === 'random-ids' ? 'random' : 'time';
    const options = { pairs, seconds: duration, ids } as const;
    if (what === 'clients') return clients.load(options);
    if (what === 'callers') return loadCallers(client, options, clientCount);
    return loadBatches(client, options);
  };
  await run(seconds / 5);
  const limitBefore = diskLimit(directory);
  const before = await cluster.used();
  const result = await run(seconds);
  const after = await cluster.used();
  const load = loadavg()[0] ?? 0;
  const limitAfter = diskLimit(directory);
  const { transfers, latencies } = result;
  const written = (after.writtenBytes - before.writtenBytes) / 1e6 / result.seconds;
  return {
    what,
    seconds: result.seconds,
    transfersPerSecond: transfers / result.seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: latencies.at(-1) ?? 0,
    failed: result.failed,
    processorMicros: (after.processorMicros - before.processorMicros) / transfers,
    logBytes: (after.walBytes - before.walBytes) / 3 / transfers,
    wireBytes: (after.wireBytes - before.wireBytes) / transfers,
    requestBytes: result.requestBytes / transfers,
    diskMegabytesPerSecond: written,
    diskLimitsMegabytesPerSecond: [limitBefore, limitAfter],
    diskShare: (2 * written) / (limitBefore + limitAfter),
    residentMib: after.residentBytes / 3 / 2 ** 20,
    load,
  };
}

/** As one line for people. */
export function printLedgerRow(row: LedgerRow): void {
  const [limitBefore, limitAfter] = row.diskLimitsMegabytesPerSecond;
  console.log(
    `${row.what}: ${Math.round(row.transfersPerSecond).toLocaleString('en')} transfers/s, ` +
      `p50 ${row.p50Ms.toFixed(1)}, p99 ${row.p99Ms.toFixed(1)}, max ${row.maxMs.toFixed(1)} ms; ` +
      `${row.processorMicros.toFixed(2)} us of processor in three members, ` +
      `${row.logBytes.toFixed(1)} bytes in each log, ` +
      `${row.wireBytes.toFixed(1)} between members, ` +
      `${row.requestBytes.toFixed(1)} from the client; ` +
      `${row.diskMegabytesPerSecond.toFixed(0)} MB/s written, ` +
      `${(row.diskShare * 100).toFixed(1)} % of what the disk took before and after ` +
      `(${limitBefore.toFixed(0)} and ${limitAfter.toFixed(0)} MB/s); ` +
      `${row.residentMib.toFixed(0)} MiB each, ${row.failed} failed (load ${row.load.toFixed(1)})`,
  );
}
