import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Nemesis } from './nemesis.ts';
import { Replacement } from './replacement.ts';

/** A repair changes the disk about so often: the power may fail at any of these. */
const changesOfARepair = 12;

/** `quorate repair` on a disk whose damage was noticed, and the node takes part again. */
export const repairDisk: Nemesis = {
  name: 'repair-disk',
  strike(cluster, prng) {
    const lost = pickLost(cluster, prng, ({ lost }) => lost?.isUnnoticed === false);
    if (lost === null) return false;
    const powerAfter = prng.chance(0.3)
      ? prng.between(1, changesOfARepair)
      : Number.POSITIVE_INFINITY;
    cluster.repair(lost, powerAfter, () => undefined);
    return true;
  },
};

/** Another machine takes the place of one whose disk is lost. */
export const replaceMachine: Nemesis = {
  name: 'replace-machine',
  strike(cluster, prng) {
    const lost = pickLost(cluster, prng, () => true);
    if (lost === null) return false;
    new Replacement(cluster, lost, prng.fork()).begin();
    return true;
  },
};

function pickLost(
  cluster: SimulatedCluster,
  prng: Prng,
  isFit: (node: SimulatedNode) => boolean,
): SimulatedNode | null {
  const lost = cluster.nodes.filter(
    (node) => node.lost !== null && !node.up && !node.isBeingMended && isFit(node),
  );
  return lost.length === 0 ? null : prng.pick(lost);
}

/** Between two looks for nodes that are lost. */
const watchMs = 50;

/**
 * From now on brings every lost node back: by repair where the damage was noticed and a repair can
 * be done, by another machine else. `isBeingMended` and `lost` of the nodes tell how far it is.
 */
export function mendLostNodes(cluster: SimulatedCluster, prng: Prng): void {
  const isBeyondRepair = new Set<SimulatedNode>();
  const watch = (): void => {
    for (const node of cluster.nodes) {
      if (node.lost === null || node.up || node.isBeingMended) continue;
      if (node.lost.isUnnoticed || isBeyondRepair.has(node)) {
        isBeyondRepair.delete(node);
        new Replacement(cluster, node, prng.fork()).begin();
        continue;
      }
      cluster.repair(node, Number.POSITIVE_INFINITY, (isBack) => {
        if (!isBack) isBeyondRepair.add(node);
      });
    }
    cluster.scheduler.schedule(watchMs, watch);
  };
  watch();
}
