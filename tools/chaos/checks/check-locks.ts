import type { Call } from '../history/calls.ts';
import { fieldOf, numberOf, textOf } from '../history/history-event.ts';
import { type KnownLease, livesUntil } from './check-leases.ts';
import type { CommittedLog } from './committed-log.ts';
import type { Violations } from './violation.ts';

interface Holding {
  readonly call: Call;
  readonly from: number;
  readonly to: number;
}

/**
 * Nobody else has a lock while its holder, by its own clock, may believe to hold it; the fencing
 * revisions rise; and what is written under a lock is written by who holds it at that revision.
 */
export function checkLocks(
  calls: readonly Call[],
  leases: ReadonlyMap<string, KnownLease>,
  log: CommittedLog,
  violations: Violations,
): void {
  const byLock = new Map<string, Holding[]>();
  for (const call of calls) {
    if (call.f !== 'acquire' || call.outcome !== 'ok' || call.key === null) continue;
    const holdings = byLock.get(call.key) ?? [];
    byLock.set(call.key, holdings);
    holdings.push(holdingOf(call, calls, leases));
  }
  for (const [lock, holdings] of byLock) checkExclusive(lock, holdings, violations);
  for (const event of log) {
    if (!event.key.startsWith('m/') || event.value === null || event.version === 1) continue;
    violations.add('locks', `${event.key} was taken at ${event.modRevision}, and was taken before`);
  }
  for (const call of calls) {
    if (call.f === 'fenced' && call.outcome === 'ok') checkFence(call, log, violations);
  }
}

function holdingOf(
  call: Call,
  calls: readonly Call[],
  leases: ReadonlyMap<string, KnownLease>,
): Holding {
  const owner = fieldOf(call.input, 'value');
  const lease = leases.get(textOf(fieldOf(call.input, 'lease')));
  const from = call.returnedAt;
  const release = calls.find((each) => {
    return each.f === 'release' && each.key === call.key && fieldOf(each.input, 'value') === owner;
  });
  const alive = lease === undefined ? from : Math.min(livesUntil(lease, from), lease.revokedAt);
  return { call, from, to: Math.min(release?.calledAt ?? Infinity, alive) };
}

function checkExclusive(lock: string, holdings: readonly Holding[], violations: Violations): void {
  const inOrder = holdings.toSorted((a, b) => a.from - b.from);
  for (const [at, holding] of inOrder.entries()) {
    const earlier = inOrder.slice(0, at).find(({ to }) => to > holding.from);
    if (earlier === undefined || holding.to <= holding.from) continue;
    const moreMs = ((earlier.to - holding.from) / 1e6).toFixed(1);
    violations.add(
      'locks',
      `${lock} was given to process ${holding.call.process} while process ` +
        `${earlier.call.process} had it for ${moreMs} ms more`,
    );
  }
  const fences = holdings.toSorted((a, b) => a.call.revision - b.call.revision);
  for (const [at, { call }] of fences.entries()) {
    const before = fences[at - 1]?.call;
    if (before === undefined || before.callIndex < call.returnIndex) continue;
    violations.add('locks', `${lock}: revision ${call.revision} was given out late`);
  }
}

function checkFence(call: Call, log: CommittedLog, violations: Violations): void {
  const lock = textOf(fieldOf(call.input, 'lock'));
  const fence = numberOf(fieldOf(call.input, 'fence'));
  const holder = log.read(lock, call.revision - 1);
  if (holder?.createRevision === fence) return;
  violations.add(
    'fencing',
    `process ${call.process} wrote ${call.key} at ${call.revision} with the fence ${fence} of ` +
      `${lock}, which was ${holder?.createRevision ?? 'free'} then`,
  );
}
