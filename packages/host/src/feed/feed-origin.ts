import type { AppliedListener, StateSnapshot } from '@quorate/runtime';
import type { LogIndex } from '@quorate/schema';

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
}
