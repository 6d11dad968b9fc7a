import { CommitRule } from './commit-rule.ts';
import { CommittedLog } from './committed-log.ts';
import { Durability } from './durability.ts';
import { ElectionSafety } from './election-safety.ts';
import type { Invariant } from './invariant.ts';
import { LeaderAppendOnly } from './leader-append-only.ts';
import { LogMatching } from './log-matching.ts';

/** Fresh, for one run. */
export function allInvariants(): readonly Invariant[] {
  return [
    new ElectionSafety(),
    new LeaderAppendOnly(),
    new LogMatching(),
    new CommitRule(),
    new CommittedLog(),
    new Durability(),
  ];
}
