// For users: open a node, name its cluster, repair its disk.
export type { RepairReport } from '@quorate/host';
export { clusterIdOf, memberIdOf } from './ids.ts';
export type { LogOptions, NodeGroup, NodeOptions, QuorateNode } from './node.ts';
export type { NodeErrorCode, NodeErrorMetadata } from './node-error.ts';
export { NodeError } from './node-error.ts';
// For library authors: what a server needs beside its node.
export { createLogger } from './observe/logger.ts';
export { openNode } from './open-node.ts';
export type { RepairNodeOptions } from './repair-node.ts';
export { repairNode } from './repair-node.ts';
