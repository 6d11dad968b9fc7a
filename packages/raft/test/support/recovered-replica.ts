import type { InitialState } from '../../src/options.ts';
import { Replica } from '../../src/replica.ts';
import { entries, snapshotOf } from './messages.ts';
import { optionsOf } from './settled-leader.ts';

/** Starts from a log of ten entries behind a snapshot at 4, committed to 6. */
export function recoveredReplica(own: Partial<InitialState> = {}): Replica {
  const initial: InitialState = {
    hardState: { term: 3, votedFor: 2, commitIndex: 6 },
    snapshot: snapshotOf(4, 1, [1, 2, 3]),
    logStart: { index: 2, term: 1 },
    entries: [...entries(3, 8, 1), ...entries(9, 10, 3)],
    bootstrap: false,
    repairUntil: 0,
    ...own,
  };
  return new Replica(optionsOf(), initial, 5000);
}
