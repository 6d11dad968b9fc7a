import { equalBytes } from '@quorate/base';
import type { Entry, GroupId, LogIndex, NodeId, Term } from '@quorate/schema';
import { GroupMap, type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Seen {
  readonly entry: Entry;
  /** Null when the log began just before the entry. */
  readonly prevTerm: Term | null;
  readonly node: NodeId;
}

/**
 * Log Matching: two logs that hold an entry of the same index and term are the same up to there
 * (figure 3.2). Each entry that is appended must equal every other of its index and term, and stand
 * behind one of the same term; by induction the logs are equal.
 */
export class LogMatching implements Invariant {
  readonly name = 'log matching';
  readonly #seen = new GroupMap<Map<Term, Seen>>();

  check({ node, group, raft, effects }: Turn): void {
    for (const entry of effects.write?.entries ?? []) {
      this.#checkEntry(node, group, entry, raft.termAt(entry.index - 1));
    }
  }

  #checkEntry(node: NodeId, group: GroupId, entry: Entry, prevTerm: Term | null): void {
    const at: LogIndex = entry.index;
    let terms = this.#seen.get(group, at);
    if (terms === undefined) {
      terms = new Map();
      this.#seen.set(group, at, terms);
    }
    const seen = terms.get(entry.term);
    if (seen === undefined) {
      terms.set(entry.term, { entry, prevTerm, node });
      return;
    }
    const same =
      seen.entry === entry ||
      (seen.entry.kind === entry.kind &&
        seen.entry.timestampMicros === entry.timestampMicros &&
        equalBytes(seen.entry.data, entry.data));
    const samePrev = prevTerm === null || seen.prevTerm === null || prevTerm === seen.prevTerm;
    if (same && samePrev) return;
    throw new InvariantViolation(
      this.name,
      `group ${group}: nodes ${seen.node} and ${node} hold different logs up to ` +
        `index ${at} of term ${entry.term}`,
    );
  }
}
