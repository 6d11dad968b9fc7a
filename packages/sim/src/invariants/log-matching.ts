import { equalBytes } from '@quorate/base';
import type { Entry, GroupId, LogIndex, NodeId, Term } from '@quorate/schema';
import { EntryKind } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

/** One of the entries that some log has held at an index. */
interface Seen {
  entry: Entry;
  /** Null when the log began just before the entry. */
  readonly prevTerm: Term | null;
  readonly node: NodeId;
  /** Of the same index and another term. */
  readonly other: Seen | undefined;
}

/**
 * Log Matching: two logs that hold an entry of the same index and term are the same up to there
 * (figure 3.2). Each entry that is appended must equal every other of its index and term, and stand
 * behind one of the same term; by induction the logs are equal.
 */
export class LogMatching implements Invariant {
  readonly name = 'log matching';
  readonly #seen = new GroupMap<Seen>();

  check({ node, group, raft, effects }: Turn): void {
    if (effects.write === null) return;
    for (const entry of effects.write.entries) {
      this.#checkEntry(node, group, entry, raft.termAt(entry.index - 1));
    }
  }

  #checkEntry(node: NodeId, group: GroupId, entry: Entry, prevTerm: Term | null): void {
    const at: LogIndex = entry.index;
    const newest = this.#seen.get(group, at);
    let seen = newest;
    while (seen !== undefined && seen.entry.term !== entry.term) seen = seen.other;
    if (seen === undefined) {
      this.#seen.set(group, at, { entry, prevTerm, node, other: newest });
      return;
    }
    const same = seen.entry === entry || isSameEntry(seen.entry, entry);
    const samePrev = prevTerm === null || seen.prevTerm === null || prevTerm === seen.prevTerm;
    if (same && samePrev) {
      if (seen.entry.kind === EntryKind.withheld) seen.entry = entry;
      return;
    }
    throw new InvariantViolation(
      this.name,
      `group ${group}: nodes ${seen.node} and ${node} hold different logs up to ` +
        `index ${at} of term ${entry.term}`,
    );
  }
}

/** A witness has the entry without its data (safety rule 7), and nothing else is missing. */
function isSameEntry(a: Entry, b: Entry): boolean {
  if (a.timestampMicros !== b.timestampMicros) return false;
  const isWithheld = a.kind === EntryKind.withheld || b.kind === EntryKind.withheld;
  return isWithheld || (a.kind === b.kind && equalBytes(a.data, b.data));
}
