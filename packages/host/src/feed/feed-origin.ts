import type { AppliedListener, StateSnapshot } from '@quorate/runtime';
import type { LogIndex, NodeId, Term } from '@quorate/schema';
import type { MetMember } from '../enquiries/messages.ts';

/** A state machine that is kept up to date here, by a group or by a feed. */
export interface FeedOrigin {
  readonly appliedIndex: LogIndex;
  /** @returns stops listening */
  onApplied(listener: AppliedListener): () => void;
  openSnapshot(): StateSnapshot;
  /**
   * @param done an index: once it is applied somewhere, the state there is at most
   *   `maxStalenessMs` older than this call; or null when there was no answer in time
   */
  barrier(maxStalenessMs: number, done: (index: LogIndex | null) => void): void;
  /** Left out: followers are refused. */
  readonly followed?: FollowedOrigin;
}

/** Who leads a group, as far as is known here. */
export interface FollowedOrigin {
  standing(): FeedStanding;
  /** Called whenever term or leader is another, for good. */
  onStanding(listener: () => void): void;
}

export interface FeedStanding {
  readonly term: Term;
  /** 0: nobody is known. */
  readonly leader: NodeId;
  /** How long ago a member knew this; 0: this is one; Infinity: none has told yet. */
  readonly ageMs: number;
  /** How many nodes are between this one and a member; 0: it is one. */
  readonly depth: number;
  /** Of the group; those whose address is known. */
  readonly members: readonly MetMember[];
}
