import { assert } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import type { GroupId, LogIndex, Term } from '@quorate/schema';
import { assertStorable } from '../fixed-integers.ts';
import { assertStorableMeta } from '../snapshot-meta-bytes.ts';
import type { GroupState } from './group-table.ts';

interface Submitted {
  lastIndex: LogIndex;
  logStart: LogIndex;
  term: Term;
}

/**
 * Holds the caller to the contract when a write is submitted: a log with a gap must not reach the
 * disk, where it would be found only at the next start.
 */
export class SubmissionCheck {
  readonly #groups = new Map<GroupId, Submitted>();

  constructor(recovered: Iterable<GroupState>) {
    for (const { group, lastIndex, logStart, hardState } of recovered) {
      this.#groups.set(group, { lastIndex, logStart: logStart.index, term: hardState.term });
    }
  }

  check(write: GroupWrite): void {
    const state = this.#group(write.group);
    const { hardState, truncateAfter, entries, snapshot, logStart } = write;
    if (hardState) {
      assert(hardState.term >= state.term, "a group's term never goes back");
      assertStorable(hardState.term);
      assertStorable(hardState.votedFor);
      assertStorable(hardState.commitIndex);
      state.term = hardState.term;
    }
    if (truncateAfter !== null) {
      assertStorable(truncateAfter);
      state.lastIndex = Math.min(state.lastIndex, Math.max(truncateAfter, state.logStart));
    }
    for (const entry of entries) {
      assert(entry.index === state.lastIndex + 1, 'an entry follows the last one that is left');
      assertStorable(entry.term);
      assertStorable(entry.timestampMicros);
      state.lastIndex = entry.index;
    }
    if (snapshot) assertStorableMeta(snapshot);
    if (logStart) {
      assertStorable(logStart.index);
      assertStorable(logStart.term);
      assert(logStart.index >= state.logStart, "a log's start never goes back");
      state.logStart = logStart.index;
      state.lastIndex = Math.max(state.lastIndex, logStart.index);
    }
  }

  #group(group: GroupId): Submitted {
    let state = this.#groups.get(group);
    if (!state) {
      assertStorable(group);
      state = { lastIndex: 0, logStart: 0, term: 0 };
      this.#groups.set(group, state);
    }
    return state;
  }
}
