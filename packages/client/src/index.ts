// For users: talk to a cluster.

export type { Access, Auth, Permission } from './auth/auth.ts';
export type { ClientSpan, ClientTracer } from './calls/call-trace.ts';
export type { ClientCredentials } from './calls/caller.ts';
export type { ClientOptions, EndpointStatus, QuorateClient } from './client.ts';
export type { ClientErrorCode, ClientErrorMetadata } from './client-error.ts';
export { ClientError } from './client-error.ts';
// For library authors: another way to reach servers.
export type { ClientPorts } from './client-ports.ts';
export type { AddMemberOptions, ClientMember, Cluster, MemberChange } from './cluster/cluster.ts';
export type {
  ElectedLeader,
  Election,
  ElectionOptions,
  Leadership,
} from './concurrency/election.ts';
export type { Lock, LockOptions } from './concurrency/lock.ts';
export { connect } from './connect.ts';
export { type Comparison, compare, type Relation } from './kv/compare.ts';
export {
  type BytesLike,
  type KeyOrRange,
  type KeyRange,
  keysFrom,
  keysWithPrefix,
} from './kv/key-range.ts';
export type {
  ClientKeyValue,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
  ScanOptions,
} from './kv/key-value.ts';
export {
  type Operation,
  type OperationResult,
  operation,
  type Txn,
  type TxnParts,
  type TxnResult,
} from './kv/txn.ts';
export type { Lease } from './lease/lease.ts';
export type { LeaseCalls, LeaseState } from './lease/lease-calls.ts';
export { connectLedger } from './ledger/connect-ledger.ts';
export type {
  AccountFilter,
  CreateOutcome,
  EventFailure,
  LedgerClient,
  LedgerClientOptions,
  LedgerStatus,
  LookupOptions,
  PageOptions,
  QueryFilter,
} from './ledger/ledger-client.ts';
export type { SnapshotReceiver, SnapshotSummary } from './maintenance/snapshots.ts';
export type { Alarm, HashResult, Maintenance } from './maintenance-calls/maintenance.ts';
export type { ClientTls } from './transport/client-tls.ts';
export type {
  CallMetadata,
  CallOutcome,
  ClientStream,
  ClientTransport,
  StreamListener,
  TransportConnection,
  TransportEndpoint,
} from './transport/transport.ts';
export type {
  DeleteEvent,
  PutEvent,
  Watch,
  WatchEvent,
  WatchProgress,
  WatchSettings,
} from './watch/watch.ts';
