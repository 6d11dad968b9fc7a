import { readFileSync } from 'node:fs';
import { amountBefore, type Pairs } from './accounts-drawn.ts';
import type { LoadResult } from './load.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { PostgresSession } from './postgres-session.ts';

const transfersOfBatch = 8190;
/** As many batches as the ledger is sent at a time: while one waits for the disk, others copy. */
const connections = 3;
/** About 5 GB. */
const maxTransfers = 30_000_000;
const idsOfRun = 10 ** 12;
const staging = readFileSync(new URL('./postgres-staging.sql', import.meta.url), 'utf8');
const apply = readFileSync(new URL('./postgres-batch.sql', import.meta.url), 'utf8');

/** Full batches, each a transaction of a COPY and two statements; one at a time a connection. */
export async function loadSets(
  server: PostgresServer,
  options: { readonly pairs: Pairs; readonly seconds: number; readonly run: number },
): Promise<LoadResult> {
  const { pairs, seconds, run } = options;
  const sessions = Array.from({ length: connections }, () => server.connect());
  const latencies: number[] = [];
  let at = 0;
  let nextId = run * idsOfRun;
  let sent = 0;
  let transfers = 0;
  const rows = (): string => {
    let text = '';
    for (let row = 0; row < transfersOfBatch; row++) {
      const debit = (pairs[at] as number) + 1;
      const credit = (pairs[at + 1] as number) + 1;
      at = at + 2 === pairs.length ? 0 : at + 2;
      text += `${nextId++}\t${debit}\t${credit}\t${amountBefore(at)}\t1\t1\n`;
    }
    return text;
  };
  await Promise.all(sessions.map((session) => session.run(staging)));
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  const send = async (session: PostgresSession): Promise<void> => {
    while (performance.now() < endMs && sent < maxTransfers) {
      sent += transfersOfBatch;
      const batch = rows();
      const sentMs = performance.now();
      const inserted = await session.run(`BEGIN;\nCOPY staged FROM STDIN;\n${batch}\\.\n${apply}`);
      latencies.push(performance.now() - sentMs);
      transfers += Number(inserted);
    }
  };
  await Promise.all(sessions.map(send));
  const took = (performance.now() - startedMs) / 1000;
  await Promise.all(sessions.map((session) => session.close()));
  latencies.sort((a, b) => a - b);
  return { transfers, seconds: took, failed: sent - transfers, latencies, requestBytes: 0 };
}
