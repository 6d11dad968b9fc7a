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
