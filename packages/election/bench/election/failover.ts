import { Cluster, type ClusterPlan, millisBetween, pauseMs } from './cluster.ts';
import { type Spread, spreadOf } from './figures.ts';
import type { Told } from './member-plan.ts';

export type Progress = (text: string) => void;

export interface Failover {
  /** From the signal to the next leadership. */
  readonly killed: Spread;
  /** Leaderships that ended by themselves meanwhile. */
  readonly disturbed: number;
}

/**
 * The leading process is killed, round after round; it is there again and knows the new leader
 * before the next one.
 */
export async function failover(
  plan: ClusterPlan,
  rounds: number,
  progress: Progress,
): Promise<Failover> {
  const cluster = await Cluster.start(plan);
  try {
    const times: number[] = [];
    let killed = 0;
    for (let round = 0; round < rounds; round++) {
      const leader = await quiet(cluster);
      const next = cluster.next('a next leadership', isAfter(leader));
      const atNs = await cluster.kill(leader.id);
      killed += 1;
      const { atNs: electedNs } = await next;
      times.push(millisBetween(atNs, electedNs));
      progress(`killed ${round + 1} of ${rounds}: ${times.at(-1)?.toFixed(0)} ms`);
      await cluster.startOne(leader.id);
    }
    const elections = cluster.told.filter(({ what }) => what === 'elected').length;
    return { killed: spreadOf(times), disturbed: Math.max(0, elections - killed - 1) };
  } finally {
    await cluster.close();
  }
}

export function isAfter({ token }: Told): (told: Told) => boolean {
  return (told) => told.what === 'elected' && told.token > token;
}

/**
 * A leader that all know of, and nothing that a start leaves behind: a voter refuses its vote for
 * an election timeout after its own. The moment is drawn, for heartbeats come in a rhythm.
 */
export async function quiet(cluster: Cluster): Promise<Told> {
  const { electionTimeoutMs, heartbeatIntervalMs, delayMs } = cluster.plan;
  for (;;) {
    await cluster.settled();
    await pauseMs(1.2 * electionTimeoutMs + 4 * (delayMs ?? 0));
    await pauseMs(2 * heartbeatIntervalMs * Math.random());
    const leader = await cluster.settled();
    if (cluster.leads(leader)) return leader;
  }
}
