import { byTurns, level, type Plan, type Row, type System } from './plan.ts';

const clients = 100;
const seconds = 10;
const killAfterMs = 3000;

/** The longest time without an answer to anybody while the leader is killed under load. */
export function failover({ kills, load }: Plan, systems: readonly System[]): Promise<Row[]> {
  return byTurns('leader killed', kills, systems, async ({ name, cluster }) => {
    const leader = await cluster.leader();
    const { endpoints } = cluster;
    const loading = load.run({ ...level, operation: 'put', clients, seconds, endpoints });
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    await cluster.kill(leader);
    const { figures } = await loading;
    await cluster.restart(leader);
    const gap = Math.round(figures.longestGapMs);
    const rest = `${figures.errors} of ${clients} clients' puts not acknowledged`;
    console.log(`${name.padEnd(8)}${'leader killed'.padEnd(19)} ${gap} ms without answer, ${rest}`);
    return { 'longest gap ms': gap };
  });
}
