// The client wires: the etcd v3 API and the ledger's, each message a type and a codec of the same
// name.
import * as etcd from './generated/etcd/index.ts';
import * as ledger from './generated/ledger/index.ts';

export type { Codec, Init } from './etcd/codec.ts';
export { createWriter, decodeMessage, encodeMessage } from './etcd/codec.ts';
export type { JsonProblem } from './etcd/json.ts';
export { messageFromJson, messageToJson, parseJson } from './etcd/json.ts';
export type { JsonShape } from './etcd/json-shape.ts';
export type { Rpc } from './etcd/rpc.ts';
// The peer wire: what replicas say to each other.
export {
  decodeConfiguration,
  decodeSnapshotMeta,
  encodeConfiguration,
  encodeSnapshotMeta,
} from './peer/configuration-codec.ts';
export type { DecodedPeerMessage } from './peer/decode-message.ts';
export { decodePeerMessage } from './peer/decode-message.ts';
export { encodePeerMessage } from './peer/encode-message.ts';
export { EncodedEntries } from './peer/encoded-entries.ts';
export { decodeEntry, encodeEntry } from './peer/entry-codec.ts';
export {
  maxCommandsPerMessage,
  maxConfigurationIds,
  maxEntriesPerMessage,
  maxMemberTextBytes,
  maxPriority,
} from './peer/limits.ts';
export { majorityConfiguration } from './peer/majority-configuration.ts';
export type { SchemaErrorCode, SchemaErrorMetadata } from './peer/schema-error.ts';
export { SchemaError } from './peer/schema-error.ts';
export type {
  AppendEntries,
  AppendEntriesResponse,
  AwaitDurability,
  CommitNotice,
  Configuration,
  DurabilityClass,
  DurabilityReached,
  Entry,
  Forward,
  ForwardResponse,
  GroupId,
  HardState,
  Heartbeat,
  HeartbeatResponse,
  InstallSnapshot,
  LogIndex,
  LogPosition,
  Member,
  NodeHeartbeat,
  NodeHeartbeatResponse,
  NodeId,
  PeerMessage,
  PreVote,
  PreVoteResponse,
  QuorumSizes,
  RaftMessage,
  ReadIndex,
  ReadIndexResponse,
  RequestVote,
  RequestVoteResponse,
  SleepingGroup,
  SnapshotChunk,
  SnapshotChunkResponse,
  SnapshotMeta,
  Term,
  TimeoutNow,
} from './peer/types.ts';
export { EntryKind, noNode } from './peer/types.ts';
export { etcd, ledger };
