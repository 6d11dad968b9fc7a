import type { Verdict } from './checks/check-history.ts';
import type { PlayedFaults } from './faults/play-schedule.ts';

/** The lines that tell of a verdict, for a person. */
export function describeVerdict(verdict: Verdict): string[] {
  const { operations, linearizability, watchEvents, leases, revisions, violations } = verdict;
  const { keys, operations: registerCalls, undecided } = linearizability;
  const lines = [
    `operations: ${operations.ok} ok, ${operations.fail} refused, ${operations.info} unknown; ` +
      `${revisions} revisions, ${watchEvents} watch events, ${leases} leases`,
    `linearizability: ${registerCalls} calls of ${keys} registers` +
      (undecided.length === 0 ? '' : `; given up for ${undecided.join(', ')}`),
    `longest stall: ${verdict.longestStallMs} ms`,
  ];
  for (const { check, message } of violations.kept) lines.push(`VIOLATION ${check}: ${message}`);
  return lines;
}

export function describeFaults({ counts, skipped }: PlayedFaults): string[] {
  const done = [...counts].map(([kind, count]) => `${kind} ${count}`);
  const left = [...skipped].map(([kind, why]) => `not done: ${kind} (${why})`);
  return [`faults: ${done.join(', ') || 'none'}`, ...left];
}

export function isGood({ violations }: Verdict): boolean {
  return violations.counts.size === 0;
}
