// For users of the core: one replica of one group.

// For library authors: what the core needs of the rooms around it.
export type {
  DurabilityAnswer,
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
export type { NodeContacts } from './contract/node-contacts.ts';
export type { PeerLinkHandlers, PeerLinks } from './contract/peer-links.ts';
export type { TransferRefusal } from './election/leadership-transfer.ts';
export { entryBytes } from './log/raft-log.ts';
export { illegalStep } from './membership/legal-step.ts';
export type {
  MembershipChange,
  MembershipRefusal,
  MembershipRefusalReason,
  MembershipStep,
} from './membership/membership-change.ts';
export type { MembershipProposed } from './membership/reconfiguration.ts';
export { bootstrapState, type InitialState, type RaftOptions } from './options.ts';
export { Raft } from './raft.ts';
export type { PeerView } from './replication/peer-view.ts';
export type { Proposed } from './replication/propose.ts';
