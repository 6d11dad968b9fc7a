// For users: the service's replicated state and its methods, on any transport, over any ports.
export type { ServerIdentity } from './answer-writer.ts';
export type { TokenGrant } from './auth/auth-model.ts';
export type {
  AppliedLog,
  AuthPorts,
  PasswordHasher,
  TokenHolder,
  TokenProvider,
} from './auth/auth-ports.ts';
export { SimpleTokens } from './auth/simple-tokens.ts';
export type { AutoCompaction } from './auto-compaction/auto-compaction.ts';
export { spanIdBytes, traceIdBytes, traceOf } from './command-trace.ts';
export { keyValueCommand, memberAttributesCommand } from './etcd-command.ts';
export type { HandledCounts } from './etcd-service.ts';
export { EtcdService } from './etcd-service.ts';
export type {
  EtcdResult,
  MalformedCommandResult,
  MemberAttributesResult,
} from './etcd-state-machine.ts';
export { EtcdStateMachine } from './etcd-state-machine.ts';
export { BatchIntake } from './ledger/batch-intake.ts';
export type { StreamLimits } from './ledger/batch-stream.ts';
export type { LedgerGroup, LedgerResult } from './ledger/ledger-group.ts';
export { ledgerReplica } from './ledger/ledger-replica.ts';
export { LedgerService, type LedgerServiceOptions } from './ledger/ledger-service.ts';
export type { GateLimits } from './ledger/proposal-gate.ts';
export { PulseTicker, type PulseTickerOptions } from './ledger/pulse-ticker.ts';
export { type AccountSlots, type ServedBooks, servedBooks } from './ledger/served-books.ts';
export { StateVotes } from './ledger/state-votes.ts';
export type { MemberAttributes } from './member-attributes.ts';
export { apiIdOf, nodeOfApiId } from './member-id.ts';
export type { MemberCommand, PeerUrlsOf } from './membership/member-command.ts';
export { memberCommand } from './membership/member-command.ts';
export type { MemberRecord } from './membership/member-table.ts';
export type { AddressOf, MemberStep, MembershipPort } from './membership/membership-port.ts';
export type {
  CallContext,
  StreamCall,
  StreamListener,
  StreamMethod,
  UnaryDone,
  UnaryMethod,
} from './method.ts';
export type { RpcError } from './rpc-error.ts';
export { rpcErrors, StatusCode } from './rpc-error.ts';
export type { ServerErrorCode, ServerErrorMetadata } from './server-error.ts';
export { ServerError } from './server-error.ts';
export type { ServiceOptions } from './service-context.ts';
export type { WatchServiceOptions, WatchTuning } from './watch/watch-service.ts';
export { WatchService } from './watch/watch-service.ts';
