import type { Entry, LogIndex, NodeId, Term } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import { entryBytes } from '../log/raft-log.ts';
import type { Replica } from '../replica.ts';
import type { LeaderState } from '../role.ts';

/** What became of a proposal at the moment it was made; `appended` is not yet committed. */
export type Proposed =
  | { readonly outcome: 'appended'; readonly firstIndex: LogIndex; readonly term: Term }
  | { readonly outcome: 'notLeader'; readonly leader: NodeId }
  | { readonly outcome: 'overloaded' };

/** Appends commands to the leader's log, unless too much waits there or the lead is moving. */
export function proposeCommands(
  replica: Replica,
  role: LeaderState,
  commands: readonly Uint8Array[],
  wallMicros: number,
): Proposed {
  if (role.transfer !== null) return { outcome: 'overloaded' };
  const firstIndex = replica.log.lastIndex + 1;
  let timestampMicros = replica.lastTimestampMicros;
  let bytes = 0;
  const entries: Entry[] = [];
  for (const data of commands) {
    timestampMicros = Math.max(wallMicros, timestampMicros + 1);
    const index = firstIndex + entries.length;
    const term = replica.currentTerm;
    const entry = { index, term, kind: EntryKind.command, timestampMicros, data };
    entries.push(entry);
    bytes += entryBytes(entry);
  }
  const waiting = replica.log.bytesBetween(replica.commitIndex, replica.log.lastIndex);
  // One proposal is always let through, or a large one could never be made.
  if (waiting > 0 && waiting + bytes > replica.options.maxUncommittedBytes) {
    return { outcome: 'overloaded' };
  }
  replica.append(entries);
  return { outcome: 'appended', firstIndex, term: replica.currentTerm };
}
