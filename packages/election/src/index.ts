// For users: one leader among a few nodes, with a lease and a fencing token.
export { answerHealth, answerLeader } from './answers.ts';
export type { ElectionClaims, ElectionClaimsOptions } from './claims/election-claims.ts';
export type { ElectionErrorCode, ElectionErrorMetadata } from './core/election-error.ts';
export { ElectionError } from './core/election-error.ts';
export { maxGeneration, maxValueBytes } from './core/election-model.ts';
export type { ElectionTiming } from './core/election-timing.ts';
export { defaultElectionTiming, leaseMarginMs, leaseMs } from './core/election-timing.ts';
export type { LossReason } from './core/loss-reason.ts';
export type { Membership } from './core/members/rejoiner.ts';
export { createElection } from './create-election.ts';
export type {
  CallOptions,
  Election,
  ElectionEvents,
  ElectionHealth,
  ElectionMember,
  ElectionValue,
  ElectionWithClaims,
  Leader,
  Leadership,
  Work,
  WorkOptions,
} from './election.ts';
export type {
  DeadNodeRemoval,
  ElectionOptions,
  ElectionPeer,
  ElectionTls,
} from './election-options.ts';
export { createFence, type Fence, type FenceOptions } from './fence.ts';
export { observeElection } from './observers/observe-election.ts';
export type {
  ElectionObserver,
  ObserverEvents,
  ObserverHealth,
  ObserverOptions,
} from './observers/observer.ts';
