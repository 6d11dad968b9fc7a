// For users: open a node with state machines of one's own; repair its disk.

export type { ClusterDescription, DescribedMember, RepairReport } from '@quorate/host';
export { memoryStorage } from '@quorate/host';
export type { AnswerOf, CommandOf, QueryOf, ResultOf } from '@quorate/runtime';
export { type AskOptions, askCluster } from './ask-cluster.ts';
export { systemCrypto } from './computation.ts';
// For library authors: what a server needs beside its node; files as state machines are given them.
export { lockDirectory } from './disk/directory-lock.ts';
export { createFileSystem, type RealFileSystem } from './disk/file-system.ts';
export { makeDirectory } from './disk/make-directory.ts';
export type {
  FullMachineShape,
  MachineOf,
  MachineShape,
  MachineSource,
  SimpleMachineShape,
} from './embed/machine-forms.ts';
export type {
  AddressLike,
  Group,
  GroupSources,
  LeadershipEvent,
  MemberInfo,
  NewMember,
  NodeOptions,
  ProposeOptions,
  QuorateNode,
  ReadOptions,
} from './embed/node.ts';
export { openNode, recordedOwner } from './embed/open-node.ts';
export type {
  ReadReplica,
  ReplicaGroup,
  ReplicaOptions,
  ReplicaReadOptions,
} from './embed/open-replica.ts';
export { openReplica } from './embed/open-replica.ts';
export type { Session, SessionOptions } from './embed/session.ts';
export { clusterIdOf, groupIdOf, memberIdOf } from './ids.ts';
export type {
  ClusterMember,
  LogOptions,
  MemberGroup,
  MemberOptions,
  OpenedMember,
} from './member.ts';
export type { HttpNetworkLimits } from './network/http/http-limits.ts';
export {
  createHttpNetwork,
  type HttpNetwork,
  type HttpNetworkOptions,
} from './network/http/http-network.ts';
export { createNetwork as createTcpNetwork } from './network/network.ts';
export { openPskNetwork, type PskNetworkOptions } from './network/psk-network.ts';
export {
  openTlsNetwork,
  type TlsNetwork,
  type TlsNetworkOptions,
} from './network/tls-network.ts';
export type { NodeErrorCode, NodeErrorMetadata } from './node-error.ts';
export { NodeError } from './node-error.ts';
export { createLogger } from './observe/logger.ts';
export { type FollowerOptions, type OpenedFollower, openFollower } from './open-follower.ts';
export { openMember } from './open-member.ts';
export type { RepairNodeOptions } from './repair-node.ts';
export { repairNode } from './repair-node.ts';
export type { SeedNodeOptions } from './seed-node.ts';
export { seedNode } from './seed-node.ts';
export { openShards } from './shards/open-shards.ts';
export { type ShardKey, shardOfKey } from './shards/shard-key.ts';
export type {
  MoveOptions,
  ShardingOptions,
  ShardPlacement,
  Shards,
  ShardsOptions,
} from './shards/shards.ts';
export {
  type StoppedMember,
  type StoppedMemberOptions,
  withStoppedMember,
} from './stopped-member.ts';
export { createClock } from './time/clock.ts';
export { timers } from './time/timers.ts';
export { type CertificateFiles, commonNameOf, isFor } from './tls/certificate-files.ts';
export { type IdentityRule, judgeIdentity } from './tls/identity-rule.ts';
export { RefusalLog } from './tls/refusal-log.ts';
export {
  type DoorKeys,
  type DoorRefusal,
  TlsDoor,
  type TlsDoorLimits,
  type TlsDoorOptions,
} from './tls/tls-door.ts';
export {
  type TlsOptions,
  WatchedCertificates,
  type WatchedCertificatesOptions,
} from './tls/watched-certificates.ts';
