// For users: one replicated state machine, and what can go wrong.

// For library authors: driving groups over a log store and peer links.
export type { GroupOptions } from './group-context.ts';
export type { Applied, GroupHandle, GroupStatus, ProposeDone, ReadDone } from './group-handle.ts';
export { Runtime } from './runtime.ts';
export type { RuntimeErrorCode, RuntimeErrorMetadata } from './runtime-error.ts';
export { RuntimeError } from './runtime-error.ts';
export type {
  RaftView,
  RuntimeObserver,
  RuntimeOptions,
  RuntimeTuning,
} from './runtime-options.ts';
