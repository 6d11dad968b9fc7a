// The election without promises or Node: the replicated state machine, and who leads by it.
export { encodeClaimsCommand } from './claims/claims-command.ts';
export { ClaimsMachine } from './claims/claims-machine.ts';
export type { ClaimsResult } from './claims/claims-model.ts';
export type { Position } from './claims/position.ts';
export {
  decodeElectionCommand,
  encodeElectionCommand,
} from './election-command.ts';
export type { ElectionErrorCode, ElectionErrorMetadata } from './election-error.ts';
export { ElectionError } from './election-error.ts';
export { ElectionMachine } from './election-machine.ts';
export type {
  ElectionCommand,
  ElectionRecord,
  ElectionRefusal,
  ElectionResult,
  LeadCommand,
  LeaseTerms,
  ProclaimCommand,
  ResignCommand,
} from './election-model.ts';
export { maxGeneration, maxValueBytes } from './election-model.ts';
export type { ElectionTiming } from './election-timing.ts';
export {
  checkElectionTiming,
  defaultElectionTiming,
  leaseMarginMs,
  leaseMs,
  leaseTermsOf,
} from './election-timing.ts';
export { Elector } from './elector.ts';
export type {
  ElectionGroup,
  ElectorDone,
  ElectorOptions,
  HandOverOptions,
  Leadership,
  LeadershipListener,
  RecordListener,
} from './elector-model.ts';
export type { LossReason } from './loss-reason.ts';
export type { RemovalRule } from './members/dead-voter.ts';
export { hostMembers, type MemberQuestions } from './members/host-members.ts';
export {
  type KeptGroup,
  MemberKeeper,
  type MemberKeeperOptions,
  type Removal,
} from './members/member-keeper.ts';
export {
  type Membership,
  Rejoiner,
  type RejoinerOptions,
  type ToldMembers,
} from './members/rejoiner.ts';
