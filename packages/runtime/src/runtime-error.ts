import { CodedError } from '@quorate/base';
import type { MembershipRefusalReason } from '@quorate/raft';
import type { NodeId } from '@quorate/schema';

/** By code: what a RuntimeError knows. Each code says whether the command may have happened. */
export interface RuntimeErrorMetadata {
  /** Nothing was appended. `leader` is a hint, 0 when unknown. */
  RUNTIME_NOT_LEADER: { readonly leader: NodeId };
  /** Nothing was appended: there is no leader at the moment. */
  RUNTIME_NO_LEADER: { readonly retryAfterMs: number };
  /** Nothing was appended: too much is waiting. */
  RUNTIME_OVERLOADED: { readonly retryAfterMs: number };
  /** Nothing was appended: larger than `maxBytes`. */
  RUNTIME_COMMAND_TOO_LARGE: { readonly bytes: number; readonly maxBytes: number };
  /** Nothing was appended: no room on the leader's disk. */
  RUNTIME_STORAGE_FULL: Record<never, never>;
  /** Nothing was appended: the node is closing. */
  RUNTIME_STOPPING: Record<never, never>;
  /** The command was in a log and was overwritten: it has not happened and never will. */
  RUNTIME_PROPOSAL_LOST: { readonly leader: NodeId };
  /** It may have happened, may yet happen, or never. Not a failure; never resend blindly. */
  RUNTIME_OUTCOME_UNKNOWN: {
    readonly reason: 'timeout' | 'linkLost' | 'stopping' | 'snapshot' | 'aborted' | 'session';
  };
  /** A read found no quorum in time. Safe to ask again. */
  RUNTIME_READ_TIMEOUT: { readonly timeoutMs: number };
  /** The command is committed, but not (yet) durable in the failure domains asked for. */
  RUNTIME_DURABILITY_UNMET: {
    readonly index: number;
    readonly reason: 'tooFewDomains' | 'timeout' | 'stopping';
    readonly depth: number;
    readonly domains: number;
  };
  /** The membership cannot be changed so, or not now; `reason` says which. Nothing was appended. */
  RUNTIME_CHANGE_REFUSED: { readonly reason: MembershipRefusalReason };
  /** The lead was not handed over; this node or another leads. */
  RUNTIME_TRANSFER_FAILED: { readonly to: NodeId; readonly reason: string };
  /**
   * Nothing was appended: a state machine threw, or the log failed, and this node has stopped.
   * `code` is that of the error behind it, if it has one; the error itself is the `cause`.
   */
  RUNTIME_HALTED: { readonly reason: string; readonly code?: string };
}

/** Each has a row in docs/reference/errors.md. */
export type RuntimeErrorCode = keyof RuntimeErrorMetadata;

/**
 * What becomes of proposals, reads and changes that are not answered as asked. Decide by `code`.
 */
export class RuntimeError<Code extends RuntimeErrorCode = RuntimeErrorCode> extends CodedError<
  RuntimeErrorMetadata,
  Code
> {
  override readonly name = 'RuntimeError';
}
