import { type Call, callsOf } from '../history/calls.ts';
import type { HistoryEvent } from '../history/history-event.ts';
import { checkAnswers } from './check-answers.ts';
import { checkEnd } from './check-end.ts';
import { checkLeases } from './check-leases.ts';
import { checkRegisters, type LinearizabilityReport } from './check-linearizable.ts';
import { checkLocks } from './check-locks.ts';
import { checkWatches } from './check-watches.ts';
import { CommittedLog } from './committed-log.ts';
import { Violations } from './violation.ts';
import { watchesOf } from './watched.ts';

/** What a history says, and whether it may. */
export interface Verdict {
  readonly violations: Violations;
  readonly linearizability: LinearizabilityReport;
  readonly operations: {
    readonly ok: number;
    readonly fail: number;
    readonly info: number;
  };
  readonly watchEvents: number;
  readonly leases: number;
  readonly revisions: number;
  /** The longest time in which nothing of what must reach the leader was answered. */
  readonly longestStallMs: number;
}

const throughLeader: ReadonlySet<string> = new Set(['read', 'write', 'cas', 'txn']);

/** All checks of one history; nothing is known but what is in it. */
export function checkHistory(history: readonly HistoryEvent[]): Verdict {
  const violations = new Violations();
  const calls = callsOf(history);
  const watches = watchesOf(history);
  const log = new CommittedLog(watches.values(), violations);
  checkWatches(watches, calls, log, violations);
  checkAnswers(calls, log, violations);
  const linearizability = checkRegisters(calls, violations);
  const leases = checkLeases(calls, watches, log, violations);
  checkLocks(calls, leases, log, violations);
  checkEnd(history, log, violations);
  const count = (outcome: Call['outcome']): number =>
    calls.filter((call) => call.outcome === outcome && call.f !== 'watch').length;
  let watchEvents = 0;
  for (const { batches } of watches.values()) {
    for (const { events } of batches) watchEvents += events.length;
  }
  return {
    violations,
    linearizability,
    operations: { ok: count('ok'), fail: count('fail'), info: count('info') },
    watchEvents,
    leases: leases.size,
    revisions: log.last,
    longestStallMs: longestStall(calls),
  };
}

function longestStall(calls: readonly Call[]): number {
  const times = calls
    .filter(({ f, outcome }) => throughLeader.has(f) && outcome === 'ok')
    .map(({ returnedAt }) => returnedAt)
    .sort((a, b) => a - b);
  let longest = 0;
  for (const [at, time] of times.entries()) {
    longest = Math.max(longest, time - (times[at - 1] ?? time));
  }
  return Math.round(longest / 1e6);
}
