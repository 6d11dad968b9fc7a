// The election without promises or Node: the replicated state machine, and who leads by it.
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
