// For users: a cluster in virtual time, and what can be done to it.

export { PowerFailure } from './disk/virtual-blocking.ts';
export { VirtualDisk } from './disk/virtual-disk.ts';
export type { Invariant, Turn } from './invariants/invariant.ts';
export { InvariantViolation } from './invariants/invariant.ts';
export type { Nemesis } from './nemesis/nemesis.ts';
export { nemeses } from './nemesis/registry.ts';
export type { MessageFaults } from './network/faulty-peer-links.ts';
export { faultyPeerLinks } from './network/faulty-peer-links.ts';
export { VirtualNetwork } from './network/virtual-network.ts';
export { Scheduler } from './scheduler.ts';
export type {
  SimulatedClusterOptions,
  SimulatedGroup,
  SimulatedNode,
  TraceLine,
} from './simulated-cluster.ts';
export { SimulatedCluster } from './simulated-cluster.ts';
