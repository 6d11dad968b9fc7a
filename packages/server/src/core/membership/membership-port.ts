import type { ChangeConditions } from '@quorate/host';
import type { LogIndex, NodeId } from '@quorate/schema';

/** One thing to do to Raft's configuration; see `MembershipStep` of the core. */
export type MemberStep =
  | {
      readonly kind: 'addLearner';
      readonly id: NodeId;
      readonly member: { readonly address: string; readonly promote: boolean };
    }
  /** Of a learner. */
  | { readonly kind: 'addVoter'; readonly id: NodeId }
  | { readonly kind: 'remove'; readonly id: NodeId };

/** Where peers reach a member. */
export interface AddressOf {
  readonly id: NodeId;
  /** 'host:port' */
  readonly address: string;
}

/** What the service asks of the node under it to change who is a member. */
export interface MembershipPort {
  /**
   * On whichever node leads.
   *
   * @param done null once it is committed; else a RuntimeError or HostError
   */
  change(
    steps: readonly MemberStep[],
    conditions: ChangeConditions,
    done: (error: Error | null) => void,
  ): void;
  /** Writes down where peers reach members, on the leader itself; told again when it is refused. */
  describe(members: readonly AddressOf[], done: () => void): void;
  /** Of the log here, on the leader; null when it is not known. */
  progressOf(id: NodeId): LogIndex | null;
  /** Whether messages can go to this node now. */
  isConnected(id: NodeId): boolean;
  /** Of a member of which the log says nothing yet: as this node was given them; or none. */
  peerUrlsOf(id: NodeId): readonly string[];
  /** An id that no node has ever had. */
  newId(): NodeId;
}
