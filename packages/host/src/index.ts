// For library authors: one process of a cluster over any ports, and the repair of its disk.
export type { DirectoryOwner, RepairReport } from '@quorate/storage';
export { ownerOf, repairDataDirectory } from '@quorate/storage';
export { describeCluster } from './describe-cluster.ts';
export type {
  ChangeConditions,
  ClusterDescription,
  DescribedGroup,
  DescribedMember,
  MetMember,
} from './enquiries/messages.ts';
export type { Survey } from './enquiries/surveyor.ts';
export type { FedGroup } from './feed/fed-group.ts';
export type { FedStanding } from './feed/fed-standing.ts';
export {
  openReplica,
  type Replica,
  type ReplicaFollowing,
  type ReplicaGroup,
  type ReplicaOptions,
} from './feed/open-replica.ts';
export type {
  GroupService,
  Host,
  HostGroup,
  HostOptions,
  HostStorage,
  HostTuning,
  JoinOptions,
  MembersDone,
  QueryDone,
  QueryOptions,
  ReachableGroup,
  ReachedDone,
} from './host.ts';
export { HostError, type HostErrorCode, type HostErrorMetadata } from './host-error.ts';
export { memoryStorage } from './memory-storage.ts';
export { openHost } from './open-host.ts';
export { type SeedOptions, seedDataDirectory } from './seed-data-directory.ts';
export { holdStoppedGroup, type StoppedGroup } from './stopped-group.ts';
export { defaultTuning } from './tuning.ts';
