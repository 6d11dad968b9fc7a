// For users: holds a state machine of their own to the contract, without a test framework.
export {
  checkSimpleStateMachine,
  checkStateMachine,
  type SimpleStateMachineSubject,
  type StateMachineSubject,
} from './check-state-machine.ts';
export { type GlobalTripwiresOptions, globalTripwires } from './global-tripwires.ts';
export type { StateMachineFailure } from './unfit.ts';
export { StateMachineUnfit } from './unfit.ts';
