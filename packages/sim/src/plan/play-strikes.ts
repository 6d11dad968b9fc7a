import { Prng, present } from '@quorate/base';
import { nemeses } from '../nemesis/registry.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { ClusterPlan } from './cluster-plan.ts';

/** What came of a plan's strikes; filled while the cluster runs. */
export interface PlayedStrikes {
  /** By nemesis, those that found something to do. */
  readonly faults: ReadonlyMap<string, number>;
  /** Of the plan's strikes, in their order: which found something to do. */
  readonly struck: readonly boolean[];
}

/** Has every strike of the plan happen at its time, up to the end of the faults. */
export function playStrikes(
  cluster: SimulatedCluster,
  { strikes, faultyMs }: Pick<ClusterPlan, 'strikes' | 'faultyMs'>,
): PlayedStrikes {
  const faults = new Map<string, number>();
  const struck = strikes.map(() => false);
  strikes.forEach(({ atMs, nemesis: name, seed }, position) => {
    if (atMs >= faultyMs) return;
    const nemesis = nemeses.find((candidate) => candidate.name === name);
    cluster.scheduler.schedule(atMs, () => {
      const found = present(nemesis, `there is a nemesis ${name}`);
      const prng = new Prng(seed);
      const { trace } = cluster.options;
      trace?.({ kind: 'strike', atMs: cluster.scheduler.nowMs, nemesis: name });
      if (!found.strike(cluster, prng)) return;
      struck[position] = true;
      faults.set(name, (faults.get(name) ?? 0) + 1);
    });
  });
  return { faults, struck };
}
