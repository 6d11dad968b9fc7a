import type { LogIndex, NodeId } from '@quorate/schema';
import type { Progress, ProgressState } from './progress.ts';

/** What a leader knows of one follower. */
export interface PeerView {
  readonly id: NodeId;
  readonly state: ProgressState;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  readonly witness: boolean;
  /** It repairs a damaged log, and its acknowledgements do not count until it has (rule 14). */
  readonly repairing: boolean;
  /**
   * It no longer has what it acknowledged, and does not know it: its disk has lost writes. Nothing
   * is sent to it; repair it, or remove it and add it anew (bug 9).
   */
  readonly regressed: boolean;
  /** It came back without its data: remove it, then add it anew (bug 20). */
  readonly impostor: boolean;
  /** Removed, and not told yet. */
  readonly departing: boolean;
}

export function peerView(id: NodeId, progress: Progress, impostor: boolean): PeerView {
  const { state, matchIndex, nextIndex, witness, repairing, regressed, departsAt } = progress;
  const departing = departsAt !== null;
  return {
    id,
    state,
    matchIndex,
    nextIndex,
    witness,
    repairing,
    regressed,
    impostor,
    departing,
  };
}
