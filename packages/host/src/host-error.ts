import { CodedError } from '@quorate/base';
import type { GroupId, LogIndex } from '@quorate/schema';

/** By code: what a HostError knows. */
export interface HostErrorMetadata {
  /** A tuning value is out of range, or does not fit another. */
  HOST_TUNING_INVALID: { readonly field: string };
  /** The members given do not include this node, or a group is given twice. */
  HOST_OPTIONS_INVALID: { readonly field: string };
  /** The data directory holds a group that was not given. */
  HOST_GROUP_UNKNOWN: { readonly group: GroupId };
  /** Another node of the cluster refused what was asked of it; `code` is its own. */
  HOST_REQUEST_REFUSED: { readonly code: string };
  /** Nobody of the cluster who could answer did in time. */
  HOST_CLUSTER_UNREACHABLE: { readonly contacts: string; readonly reason: string };
  /** A read replica could not learn in time what is current. */
  HOST_READ_UNCONFIRMED: { readonly upstream: string };
  /** A read replica has not applied in time what the read is to reflect. */
  HOST_REPLICA_BEHIND: {
    readonly minIndex: LogIndex;
    readonly appliedIndex: LogIndex;
    readonly timeoutMs: number;
  };
  /** The command was applied, once, at `index`, on a node elsewhere; its answer cannot travel. */
  HOST_ANSWER_LOST: { readonly index: LogIndex; readonly reason: string };
  /** The state machine of a node elsewhere did not answer the query. */
  HOST_QUERY_FAILED: { readonly reason: string };
  HOST_CLOSING: Record<never, never>;
}

/** Each has a row in docs/reference/errors.md. */
export type HostErrorCode = keyof HostErrorMetadata;

/**
 * What a host or a read replica refuses or cannot do. Decide by `code`; errors of what it is made
 * of (TransportError, StorageError, RuntimeError) come as they are.
 */
export class HostError<Code extends HostErrorCode = HostErrorCode> extends CodedError<
  HostErrorMetadata,
  Code
> {
  override readonly name = 'HostError';
}
