import type { Canary } from './canary.ts';

/** Reads, leases, and what clients are told of their commands. */
export const clientCanaries: readonly Canary[] = [
  {
    name: 'read-before-first-commit',
    why: 'a new leader reads before it has committed an entry of its term (bug 33)',
    file: 'raft/src/reads/reads.ts',
    find: 'if (!role.reads.waiting || replica.commitIndex < role.termStart) return;',
    replace: 'if (!role.reads.waiting) return;',
  },
  {
    name: 'read-before-it-is-applied',
    why: 'a read is answered before the state machine has reached its index',
    file: 'runtime/src/reads.ts',
    find: 'reached(appliedIndex: LogIndex): void {',
    replace:
      'reached(index: LogIndex): void {\n' +
      '    const appliedIndex = Math.max(index, Number.MAX_SAFE_INTEGER);',
  },
  {
    name: 'lease-dated-by-arrival',
    why: 'a lease counts from when its confirmation arrived, not from when it was asked (rule 2)',
    file: 'raft/src/handle/heartbeat.ts',
    find:
      'progress.supportedAtMs = Math.max(progress.supportedAtMs, sentMs);\n' +
      '  progress.roundSupportMs = Math.max(progress.roundSupportMs, sentMs);',
    replace:
      'progress.supportedAtMs = replica.nowMs;\n' + '  progress.roundSupportMs = replica.nowMs;',
  },
  {
    name: 'lease-survives-a-transfer',
    why: 'a leader reads by its lease while another may have taken over at its wish (bug 35)',
    file: 'raft/src/replication/leadership-check.ts',
    find: 'maxClockDrift === null || role.fences.size > 0 || replica.commitIndex < role.termStart',
    replace: 'maxClockDrift === null || replica.commitIndex < role.termStart',
  },
  {
    name: 'lost-command-is-acknowledged',
    why: 'whoever waits at an index is answered, also when another command was committed there',
    file: 'runtime/src/proposals.ts',
    find: 'if (entries[index - first]?.term === proposedIn)',
    replace: 'if ((entries[index - first]?.term ?? 0) >= proposedIn)',
  },
  {
    name: 'command-is-given-up-too-soon',
    why: 'whoever waits behind what was just committed is told that it never happens',
    file: 'runtime/src/proposals.ts',
    find: 'filter((run) => run.term < term)',
    replace: 'filter((run) => run.term <= term)',
  },
  {
    name: 'forwarded-command-is-sent-again',
    why: 'a command whose answer was lost with the link is sent again, and may be applied twice',
    file: 'runtime/src/proposals.ts',
    find: "for (const proposal of lost) this.#told.refused(proposal, outcomeUnknown('linkLost'));",
    replace: 'this.requeue(lost);',
  },
  {
    name: 'timeout-is-called-a-refusal',
    why: 'a client is told that nothing happened when nobody knows',
    file: 'runtime/src/proposals.ts',
    find: "this.#told.refused(proposal, outcomeUnknown('timeout'));\n    for (const run",
    replace: 'this.#told.refused(proposal, noLeader(retryAfterMs));\n    for (const run',
  },
  {
    name: 'stale-read-has-no-bound',
    why: 'a read that may be a little old is answered from what was new at any time',
    file: 'runtime/src/reads.ts',
    find: 'nowMs - fresh.askedMs > maxStalenessMs',
    replace: 'nowMs < fresh.askedMs',
  },
  {
    name: 'class-counts-one-domain',
    why: 'a reply leaves once the command is in one failure domain, whatever was asked (rule 12)',
    file: 'raft/src/membership/failure-domains.ts',
    find: 'best[durability.domains - 1]',
    replace: 'best[0]',
  },
];
