// For users of Raftify: its configuration file, and its functions under their names.
export { initNode } from './init-node.ts';
export type { RaftifyNode, RaftifyState, ShutdownOptions } from './raftify-node.ts';
export type { RaftifyOptions, RaftifyWaiting } from './raftify-settings.ts';
