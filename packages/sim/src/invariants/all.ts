import { AcknowledgedKept } from './acknowledged-kept.ts';
import { CommitRule } from './commit-rule.ts';
import { CommittedLog } from './committed-log.ts';
import { Durability } from './durability.ts';
import { ElectionSafety } from './election-safety.ts';
import type { Invariant } from './invariant.ts';
import { LeaderAppendOnly } from './leader-append-only.ts';
import { LeaderLease } from './leader-lease.ts';
import { LegalMembership } from './legal-membership.ts';
import { LogMatching } from './log-matching.ts';
import { QuorumCommit } from './quorum-commit.ts';

/** Fresh, for one run. */
export function allInvariants(): readonly Invariant[] {
  return [
    new ElectionSafety(),
    new LeaderAppendOnly(),
    new LogMatching(),
    new AcknowledgedKept(),
    new CommitRule(),
    new QuorumCommit(),
    new CommittedLog(),
    new Durability(),
    new LegalMembership(),
    new LeaderLease(),
  ];
}
