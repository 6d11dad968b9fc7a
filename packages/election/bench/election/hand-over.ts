import { Cluster, type ClusterPlan, millisBetween } from './cluster.ts';
import { isAfter, type Progress, quiet } from './failover.ts';
import { type Spread, spreadOf } from './figures.ts';

/** The leader gives up in order: from the call to the next leadership. */
export async function handOver(
  plan: ClusterPlan,
  how: 'resign' | 'close',
  rounds: number,
  progress: Progress,
): Promise<Spread> {
  const cluster = await Cluster.start(plan);
  try {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leader = await quiet(cluster);
      const next = cluster.next('a next leadership', isAfter(leader));
      const givesUp = cluster.next('the call', ({ what }) => what === 'gives up');
      cluster.ask(leader.id, how);
      const { atNs } = await givesUp;
      times.push(millisBetween(atNs, (await next).atNs));
      progress(`${how} ${round + 1} of ${rounds}: ${times.at(-1)?.toFixed(1)} ms`);
      if (how === 'resign') continue;
      await cluster.ended(leader.id);
      await cluster.startOne(leader.id);
    }
    return spreadOf(times);
  } finally {
    await cluster.close();
  }
}
