import type { ClusterPlan } from '@quorate/sim';

/** A run of the key-value scenario as data. */
export interface Plan extends ClusterPlan {
  /** Groups that only elect, beside the one that clients use. */
  readonly idleGroups: number;
  /** Keys that the clients share. */
  readonly keys: number;
  /** Of the longest value. */
  readonly valueBytes: number;
  /** Time to live of the sessions in which most clients write; 0: there are no sessions. */
  readonly sessionTtlMs: number;
  /** Failure domains of the nodes, dealt in turn, which writes may ask for; 0: none are known. */
  readonly zones: number;
  /** Clients that hold leases, beside the others. */
  readonly leaseClients: number;
}
