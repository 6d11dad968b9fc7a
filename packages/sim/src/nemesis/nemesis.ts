import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';

/** One kind of trouble. It begins now and ends by itself, or when the cluster is healed. */
export interface Nemesis {
  readonly name: string;
  /** @returns whether it found something to do */
  strike(cluster: SimulatedCluster, prng: Prng): boolean;
}
