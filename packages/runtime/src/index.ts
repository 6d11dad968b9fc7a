// For users: one replicated state machine, client sessions around it, and what can go wrong.

// For library authors: driving groups over a log store and peer links.
export type { GroupOptions } from './group-context.ts';
export type {
  Applied,
  AppliedListener,
  ChangeDone,
  GroupHandle,
  GroupStatus,
  LeaseRead,
  ProposeDone,
  ProposeOptions,
  ReadDone,
  ReadOptions,
  StateSnapshot,
  TransferDone,
} from './group-handle.ts';
export {
  type CheckedMachine,
  type CheckedMachineOptions,
  checkedMachine,
} from './machines/checked-machine.ts';
export { type Difference, firstDifference } from './machines/first-difference.ts';
export { guardMachine, type MachineGuardOptions } from './machines/guarded-machine.ts';
export {
  MachineError,
  type MachineErrorCode,
  type MachineErrorMetadata,
} from './machines/machine-error.ts';
export type { AnswerOf, CommandOf, QueryOf, ResultOf } from './machines/machine-types.ts';
export {
  adaptSimple,
  type SimpleAdapter,
  type SimpleAdapterOptions,
} from './machines/simple-adapter.ts';
export {
  type AppliedSimpleResult,
  appliedResult,
  type RefusedSimpleResult,
  type SimpleResult,
} from './machines/simple-result.ts';
export {
  isSimpleStateMachine,
  type SimpleEntry,
  type SimpleStateMachine,
} from './machines/simple-state-machine.ts';
export type { Tripwires } from './machines/tripwires.ts';
export { OptionError, type OptionErrorMetadata } from './option-error.ts';
export { checkDurability, checkRead } from './request-checks.ts';
export { closingError, haltedError } from './request-errors.ts';
export { Runtime } from './runtime.ts';
export type { RuntimeErrorCode, RuntimeErrorMetadata } from './runtime-error.ts';
export { RuntimeError } from './runtime-error.ts';
export type {
  RaftView,
  RuntimeObserver,
  RuntimeOptions,
  RuntimeTuning,
} from './runtime-options.ts';
export type { CommandOutcome, GivenUpReason } from './sessions/client-commands.ts';
export { PlainCommands } from './sessions/plain-commands.ts';
export { answerOfError, type SessionAnswer } from './sessions/session-answer.ts';
export {
  SessionClient,
  type SessionClientOptions,
  type SessionClientState,
  type SessionSend,
} from './sessions/session-client.ts';
export {
  decodeSessionCommand,
  encodeSessionCommand,
  type SessionCommand,
  sessionCommandProblem,
} from './sessions/session-command.ts';
export { SessionError, type SessionErrorMetadata } from './sessions/session-error.ts';
export {
  defaultSessionLimits,
  type SessionLimits,
  sessionLimitsProblem,
} from './sessions/session-limits.ts';
export type { ResultCodec, SessionResult } from './sessions/session-result.ts';
export {
  SessionStateMachine,
  type SessionStateMachineOptions,
} from './sessions/session-state-machine.ts';
