export type { LogOptions, NodeGroup, NodeOptions, QuorateNode } from './node.ts';
