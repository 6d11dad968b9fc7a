export type { Applied, GroupHandle, GroupStatus, ProposeDone, ReadDone } from './group-handle.ts';
export type { RuntimeErrorCode, RuntimeErrorMetadata } from './runtime-error.ts';
export { RuntimeError } from './runtime-error.ts';
