// For users of the core: one replica of one group.

// For library authors: what the core needs of the rooms around it.
export type {
  DurableWrite,
  Effects,
  LeadershipChange,
  ReadyRead,
  Role,
} from './contract/effects.ts';
export type {
  GroupWrite,
  LogStore,
  RecoveredGroup,
  SnapshotReader,
  SnapshotStore,
  SnapshotWriter,
} from './contract/log-store.ts';
export type { PeerLinkHandlers, PeerLinks } from './contract/peer-links.ts';
export { entryBytes } from './log/raft-log.ts';
export { bootstrapState, type InitialState, type RaftOptions } from './options.ts';
export { type Proposed, Raft } from './raft.ts';
