import { CodedError } from '@quorate/base';
import type { RuntimeErrorMetadata } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import type { ClaimErrorMetadata } from './claims/claim-error.ts';
import type { LeaseTerms } from './election-model.ts';
import type { LossReason } from './loss-reason.ts';

/** By code: what an ElectionError knows. */
export interface ElectionErrorMetadata extends ClaimErrorMetadata {
  /** `field` is the path of the option that is wrong, or does not fit another. */
  ELECTION_OPTIONS_INVALID: { readonly field: string };
  /**
   * This node does not lead. `leader` is who does, as far as it knows; 0: nobody. `address` is
   * where that one's peers reach it, if that is known.
   */
  ELECTION_NOT_LEADER: { readonly leader: NodeId; readonly address?: string };
  /** The leadership `token` is over: for good, and whatever was done under it has to end. */
  ELECTION_LEADERSHIP_LOST: { readonly token: bigint; readonly reason: LossReason };
  /** A campaign ended because this node was told to resign. */
  ELECTION_RESIGNED: Record<never, never>;
  /** Whoever sent `token` led before the one that sent `newest`: refuse what came with it. */
  ELECTION_TOKEN_STALE: { readonly token: bigint; readonly newest: bigint };
  ELECTION_VALUE_TOO_LARGE: { readonly bytes: number; readonly maxBytes: number };
  /** None of these answered an observer in time; 'host:port' each. */
  ELECTION_UNREACHABLE: { readonly addresses: readonly string[]; readonly timeoutMs: number };
  /** The node stays a member; `reason` says what the others cannot do without it. */
  ELECTION_LEAVE_REFUSED: Pick<RuntimeErrorMetadata['RUNTIME_CHANGE_REFUSED'], 'reason'>;
  /** `leader` goes by other times than this node, which has stopped: a lease rests on all alike. */
  ELECTION_TIMING_DIFFERS: {
    readonly leader: NodeId;
    readonly own: LeaseTerms;
    readonly leaders: LeaseTerms;
  };
  /** It was closed: nothing was begun. */
  ELECTION_CLOSED: Record<never, never>;
  /** A snapshot is not one of an election: the replica must not go on. */
  ELECTION_SNAPSHOT_INVALID: { readonly reason: string };
}

/** Each has a row in docs/reference/errors.md. */
export type ElectionErrorCode = keyof ElectionErrorMetadata;

/**
 * What an election refuses. Decide by `code`; errors of what it is made of (RuntimeError,
 * HostError) come as they are.
 */
export class ElectionError<Code extends ElectionErrorCode = ElectionErrorCode> extends CodedError<
  ElectionErrorMetadata,
  Code
> {
  override readonly name = 'ElectionError';
}
