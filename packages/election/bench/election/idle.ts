import { Cluster, type ClusterPlan, pauseMs } from './cluster.ts';
import { type Progress, quiet } from './failover.ts';
import { roundTo } from './figures.ts';
import type { Told, Usage } from './member-plan.ts';

/** What one process, for `observers` one with many of them, costs while nothing happens. */
export interface IdleCost {
  readonly role: 'leader' | 'follower' | 'observers';
  /** Of one core. */
  readonly cpuPercent: number;
  readonly sentBytesPerSecond: number;
  readonly packetsPerSecond: number;
  readonly residentMib: number;
}

export interface Idle {
  readonly members: number;
  readonly observers: number;
  readonly costs: readonly IdleCost[];
  /** Leaderships that ended meanwhile; there should be none. */
  readonly elections: number;
}

const observerProcesses = 4;
const mebibyte = 1024 * 1024;

/**
 * @param observers how many follow it besides, spread over its members and over a few processes
 * @param settleSeconds before it is watched: code is compiled for a while after a start
 */
export async function idle(
  plan: ClusterPlan,
  observers: number,
  { seconds, settleSeconds }: { readonly seconds: number; readonly settleSeconds: number },
  progress: Progress,
): Promise<Idle> {
  const cluster = await Cluster.start(plan);
  let following: Cluster | null = null;
  try {
    await quiet(cluster);
    if (observers > 0) following = await followers(plan, observers, cluster.ports);
    progress(`${plan.members} members, ${observers} observers: idle for ${settleSeconds} s first`);
    await pauseMs(1000 * settleSeconds);
    const leader = await quiet(cluster);
    const before = cluster.told.length;
    const first = await usages(cluster);
    const firstFollowing = await usages(following);
    progress(`now idle for ${seconds} s`);
    await pauseMs(1000 * seconds);
    const last = await usages(cluster);
    const lastFollowing = await usages(following);
    const elections = cluster.told.slice(before).filter(({ what }) => what === 'elected').length;
    const costs = [...first].map(([id, told]) => {
      return costOf(id === leader.id ? 'leader' : 'follower', told, last.get(id) ?? told);
    });
    for (const [id, told] of firstFollowing) {
      costs.push(costOf('observers', told, lastFollowing.get(id) ?? told));
    }
    return { members: plan.members, observers, costs, elections };
  } finally {
    await following?.close();
    await cluster.close();
  }
}

/** Too many for a process each. */
async function followers(
  plan: ClusterPlan,
  observers: number,
  targets: readonly number[],
): Promise<Cluster> {
  return Cluster.start({
    ...plan,
    program: new URL('./observers.ts', import.meta.url),
    members: observerProcesses,
    targets,
    extra: { observers: String(Math.ceil(observers / observerProcesses)) },
  });
}

function costOf(role: IdleCost['role'], first: Told, last: Told): IdleCost {
  const seconds = Number(last.atNs - first.atNs) / 1e9;
  const perSecond = (of: (usage: Usage) => number): number => {
    if (first.usage === null || last.usage === null) return 0;
    return (of(last.usage) - of(first.usage)) / seconds;
  };
  return {
    role,
    cpuPercent: roundTo(perSecond(({ cpuMicros }) => cpuMicros) / 1e4, 2),
    sentBytesPerSecond: Math.round(perSecond(({ sentBytes }) => sentBytes)),
    packetsPerSecond: roundTo(
      perSecond(({ writes }) => writes),
      1,
    ),
    residentMib: roundTo((last.usage?.residentBytes ?? 0) / mebibyte, 1),
  };
}

async function usages(cluster: Cluster | null): Promise<Map<number, Told>> {
  if (cluster === null) return new Map();
  const told = await Promise.all(
    cluster.ids.map((id) => {
      const usage = cluster.next('usage', (one) => one.what === 'usage' && one.id === id);
      cluster.ask(id, 'usage');
      return usage;
    }),
  );
  return new Map(told.map((one) => [one.id, one]));
}
