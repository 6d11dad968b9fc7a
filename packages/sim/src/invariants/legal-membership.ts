import { illegalStep } from '@quorate/raft';
import type { Configuration, GroupId, LogIndex } from '@quorate/schema';
import { decodeConfiguration, EntryKind } from '@quorate/schema';
import { type Invariant, InvariantViolation, type Turn } from './invariant.ts';

interface Committed {
  index: LogIndex;
  /** In force at `index`; null while it is not known. */
  configuration: Configuration | null;
}

/**
 * Legal membership: each configuration that is committed was reached from the one before it by a
 * step that keeps quorums meeting (dissertation 4.1, 4.3; safety rules 5 and 6).
 */
export class LegalMembership implements Invariant {
  readonly name = 'legal membership';
  readonly #committed = new Map<GroupId, Committed>();

  check({ node, group, raft }: Turn): void {
    let seen = this.#committed.get(group);
    if (seen === undefined) {
      seen = { index: raft.snapshot.index, configuration: raft.snapshot.configuration };
      this.#committed.set(group, seen);
    }
    if (raft.commitIndex <= seen.index) return;
    for (let index = seen.index + 1; index <= raft.commitIndex; index++) {
      const entry = raft.entryAt(index);
      // Cut off here already: what it was cannot be known, nor the step that follows be judged.
      if (entry === null) seen.configuration = null;
      if (entry?.kind !== EntryKind.configuration) continue;
      const next = decodeConfiguration(entry.data);
      const illegal = seen.configuration === null ? null : illegalStep(seen.configuration, next);
      if (illegal !== null) {
        throw new InvariantViolation(
          this.name,
          `group ${group}: node ${node} commits the configuration at index ${index}: ${illegal}`,
        );
      }
      seen.configuration = next;
    }
    seen.index = raft.commitIndex;
  }
}
