import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadResult } from './load.ts';
import type { PostgresServer } from './postgres-server.ts';

/** Faster here than 16, and as fast as 64: more of them share one write to disk. */
const clients = 32;
const threads = 2;
/** Each run has ids of its own. */
const idsOfRun = 10 ** 12;
/** Of more than that, a part is written down. */
const loggedSeconds = 120;
const graceMs = 60_000;
const script = readFileSync(new URL('./postgres-row-locks.pgbench.sql', import.meta.url), 'utf8');

/** Each transfer a transaction, sent when the one before it is committed, by pgbench. */
export async function loadRowLocks(
  server: PostgresServer,
  options: { readonly accounts: number; readonly seconds: number; readonly run: number },
): Promise<LoadResult> {
  const seconds = Math.max(1, Math.round(options.seconds));
  const prefix = join(server.directory, `latencies-${options.run}`);
  const variables = { n: 0, first: options.run * idsOfRun, clients, accounts: options.accounts };
  const output = await server.run(
    'pgbench',
    [
      ...['--no-vacuum', '--protocol=prepared', '--file=-'],
      ...[`--client=${clients}`, `--jobs=${threads}`, `--time=${seconds}`],
      ...['--log', `--log-prefix=${prefix}`],
      ...(seconds > loggedSeconds ? [`--sampling-rate=${loggedSeconds / seconds}`] : []),
      ...Object.entries(variables).map(([name, value]) => `--define=${name}=${value}`),
    ],
    script,
    seconds * 1000 + graceMs,
  );
  const transfers = figure(output, /^number of transactions actually processed: (\d+)/m);
  const perSecond = figure(output, /^tps = ([\d.]+)/m);
  // Of version 15 on; before, a client that failed was an error of the whole run.
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0);
  const latencies = readLatencies(prefix);
  return { transfers, seconds: transfers / perSecond, failed, latencies, requestBytes: 0 };
}

function figure(output: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(output) ?? [];
  if (digits === undefined) throw new Error(`pgbench did not tell ${pattern}: ${output}`);
  return Number(digits);
}

/** Each line has the client, its transaction's number, the latency in microseconds, and more. */
function readLatencies(prefix: string): number[] {
  const latencies: number[] = [];
  for (const path of globSync(`${prefix}.*`)) {
    for (const [, micros] of readFileSync(path, 'latin1').matchAll(/^\d+ \d+ (\d+) /gm))
      latencies.push(Number(micros) / 1000);
    rmSync(path);
  }
  return latencies.sort((a, b) => a - b);
}
