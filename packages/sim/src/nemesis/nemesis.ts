import type { Prng } from '@quorate/base';
import type { SimulatedCluster } from '../simulated-cluster.ts';

/** One kind of trouble. It begins now and ends by itself, or when the cluster is healed. */
export interface Nemesis {
  /** In kebab-case: plans name it. */
  readonly name: string;
  /**
   * @param prng its own: whether another nemesis strikes does not change what it draws
   * @returns whether it found something to do
   */
  strike(cluster: SimulatedCluster, prng: Prng): boolean;
}
