import type { DurabilityClass, Member, NodeId, QuorumSizes } from '@quorate/schema';

type Attributes = Partial<Omit<Member, 'id'>>;

/** One thing to do. What is already so is not done again, and is no mistake. */
export type MembershipStep =
  /** A new node, or a learner that is promoted. */
  | {
      readonly kind: 'addVoter';
      readonly id: NodeId;
      readonly member?: Omit<Attributes, 'promote'>;
    }
  /** A new node, or a voter that is demoted. */
  | { readonly kind: 'addLearner'; readonly id: NodeId; readonly member?: Attributes }
  /** What is known of the node goes with it. */
  | { readonly kind: 'remove'; readonly id: NodeId }
  /** Attributes of a node that has a part already. */
  | ({ readonly kind: 'describe'; readonly id: NodeId } & Omit<Attributes, 'witness'>);

/** What the configuration is to become; the steps are taken in order, and all or none. */
export interface MembershipChange {
  readonly steps: readonly MembershipStep[];
  /**
   * The sizes to have afterwards; null: majorities. Left out: as they are, which refuses the change
   * when they are not valid for the new voters.
   */
  readonly quorum?: QuorumSizes | null;
  /** Left out: as it is. */
  readonly durability?: DurabilityClass | null;
  /**
   * - `auto`, the default: in a single step where that is safe, else as `jointAutoLeave`;
   * - `simple`: in a single step, or refused;
   * - `joint`: by a joint configuration that stays until it is left by command;
   * - `jointAutoLeave`: by a joint configuration that is left as soon as it is committed.
   */
  readonly mode?: 'auto' | 'simple' | 'joint' | 'jointAutoLeave';
}

/**
 * Why a change is refused. `transferring`, `tooEarly`, `changePending` and `quorumAtRisk` pass by
 * themselves; the others stay as long as the configuration does. Rules are those of
 * docs/reference/safety-rules.md.
 */
export type MembershipRefusalReason =
  /** A node id or an attribute is not what it may be. */
  | 'invalid'
  /** `describe` of a node that has no part. */
  | 'unknownNode'
  | 'tooManyNodes'
  /** No voter would be left. */
  | 'noVoters'
  /** `simple`, and more than one voter would change. */
  | 'manyVoters'
  /** `simple`, and old and new quorums need not meet; or the sizes change (rules 5, 6). */
  | 'unsafeStep'
  /** The configuration is joint already, and has to be left first. */
  | 'joint'
  | 'notJoint'
  /** A configuration without voters cannot become joint. */
  | 'empty'
  /** The sizes do not fit the voters, or too few of them hold data (rules 5, 7). */
  | 'quorumInvalid'
  /** A node would become a witness, or cease to be one, without having left between. */
  | 'witnessFixed'
  /** A node would come back without its data, or another in its place, without having left. */
  | 'incarnationFixed'
  /** Leadership is being transferred. */
  | 'transferring'
  /** No entry of the leader's term is committed yet. */
  | 'tooEarly'
  /** The change before this one is not committed yet. */
  | 'changePending'
  /** With the voters that answer now it could commit nothing. */
  | 'quorumAtRisk'
  /** The durability class would not be met (rule 12). */
  | 'durabilityAtRisk';

/** Nothing was appended. Whether to wait, or to ask for something else, is in `reason`. */
export interface MembershipRefusal {
  readonly reason: MembershipRefusalReason;
  /** A sentence that says what to do. */
  readonly message: string;
}

export function refusal(
  reason: MembershipRefusalReason,
  message: string,
): { readonly refused: MembershipRefusal } {
  return { refused: { reason, message } };
}
