import { describeFigures } from './figures.ts';
import type { Operation } from './load.ts';
import { byTurns, level, type Plan, type Row, type System } from './plan.ts';
import { processorMicros, residentBytes } from './process-figures.ts';

/** Operations a second, their latency, and what they cost the servers, at each level of clients. */
export async function throughput(
  { clients, rounds, seconds, load }: Plan,
  systems: readonly System[],
  operation: Operation,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of clients) {
    const what = `${operation}, ${count} clients`;
    const found = await byTurns(what, rounds, systems, async ({ name, cluster }) => {
      const { endpoints, processIds } = cluster;
      const before = processorMicros(processIds);
      const asked = { ...level, operation, clients: count, seconds, endpoints };
      const { figures, operations, remark } = await load.run(asked);
      const after = processorMicros(processIds);
      const isKnown = before !== null && after !== null && operations > 0;
      const measured = { ...figures, serverMicros: isKnown ? (after - before) / operations : 0 };
      const note = remark === '' ? '' : ` (${remark})`;
      console.log(`${name.padEnd(8)}${what.padEnd(19)} ${describeFigures(measured)}${note}`);
      const { perSecond, p50Ms, p99Ms, serverMicros, errors } = measured;
      return {
        '/s': perSecond,
        'p50 ms': p50Ms,
        'p99 ms': p99Ms,
        'servers us each': serverMicros,
        ...(errors === 0 ? {} : { errors }),
      };
    });
    rows.push(...found);
  }
  return rows;
}

/** What a member has in memory after what came before. */
export async function memory(systems: readonly System[]): Promise<Row[]> {
  return byTurns('memory', 1, systems, async ({ name, cluster: { processIds } }) => {
    const bytes = residentBytes(processIds);
    if (bytes === null) return {};
    const each = Math.round(bytes / processIds.length / 2 ** 20);
    console.log(`${name.padEnd(8)}${'memory'.padEnd(19)} ${each} MiB a member`);
    return { 'MiB a member': each };
  });
}
