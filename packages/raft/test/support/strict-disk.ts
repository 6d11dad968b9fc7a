import type { DurableWrite, InitialState } from '../../src/index.ts';

/**
 * Applies a write to what a disk holds, and throws where the write breaks the log store's contract:
 * the log on the disk must never have a gap, and no promise may be taken back.
 */
export function applyDurably(disk: InitialState, write: DurableWrite): InitialState {
  const hardState = write.hardState ?? disk.hardState;
  refuse(hardState.term < disk.hardState.term, 'the term goes back');
  const sameTerm = hardState.term === disk.hardState.term;
  const changed = disk.hardState.votedFor !== 0 && hardState.votedFor !== disk.hardState.votedFor;
  refuse(sameTerm && changed, 'the vote of a term changes');

  const { truncateAfter } = write;
  const kept =
    truncateAfter === null
      ? disk.entries
      : disk.entries.filter((entry) => entry.index <= truncateAfter);
  let lastIndex = Math.max(disk.logStart.index, kept.at(-1)?.index ?? 0);
  for (const entry of write.entries) {
    refuse(entry.index !== lastIndex + 1, `entry ${entry.index} follows ${lastIndex}`);
    refuse(entry.term > hardState.term, 'an entry is of a term that is not durable');
    lastIndex = entry.index;
  }

  const logStart = write.logStart ?? disk.logStart;
  const snapshot = write.snapshot ?? disk.snapshot;
  refuse(logStart.index < disk.logStart.index, 'the start of the log goes back');
  refuse(snapshot.index < disk.snapshot.index, 'the snapshot goes back');
  refuse(logStart.index > snapshot.index, 'the log begins behind its snapshot');
  const entries = [...kept, ...write.entries].filter((entry) => entry.index > logStart.index);
  refuse(logStart.index + entries.length < snapshot.index, 'the log ends before its snapshot');
  return {
    hardState,
    snapshot,
    logStart,
    entries,
    bootstrap: false,
    repairUntil: disk.repairUntil,
  };
}

function refuse(broken: boolean, what: string): void {
  if (broken) throw new Error(`a write breaks the contract: ${what}`);
}
