import type { Call } from '../history/calls.ts';
import { fieldOf, plain, textOf } from '../history/history-event.ts';
import { type CommittedLog, inWords } from './committed-log.ts';
import type { Violations } from './violation.ts';
import type { Watched } from './watched.ts';

/** A lease as its only client knows it; times are those of the history. */
export interface KnownLease {
  readonly id: string;
  /** When each grant or renewal that was answered had been sent, and until when it holds. */
  readonly terms: readonly { readonly from: number; readonly to: number }[];
  /** When the client asked for its end; Infinity: never. */
  readonly revokedAt: number;
}

const seconds = (nanoseconds: number): string => (nanoseconds / 1e9).toFixed(3);

/** @returns the leases that were granted, by id */
function leasesOf(calls: readonly Call[]): Map<string, KnownLease> {
  const leases = new Map<
    string,
    { id: string; terms: { from: number; to: number }[]; revokedAt: number }
  >();
  for (const call of calls) {
    const { f, calledAt } = call;
    if (f !== 'grant' && f !== 'keepalive' && f !== 'revoke') continue;
    const told = f === 'grant' ? call.output : call.input;
    const id = fieldOf(told, 'lease');
    if (id === undefined) continue;
    const lease = leases.get(textOf(id)) ?? { id: textOf(id), terms: [], revokedAt: Infinity };
    leases.set(lease.id, lease);
    if (f === 'revoke') lease.revokedAt = Math.min(lease.revokedAt, calledAt);
    const ttl = call.outcome === 'ok' ? Number(fieldOf(call.output, 'ttl') ?? 0) : 0;
    if (ttl > 0) lease.terms.push({ from: calledAt, to: calledAt + ttl * 1e9 });
  }
  return leases;
}

/** @returns until when the lease certainly lives on from that moment on, or that moment */
export function livesUntil({ terms }: KnownLease, at: number): number {
  let end = at;
  for (const { from, to } of terms) if (from <= end && to > end) end = to;
  return end;
}

/**
 * No lease ended before its time to live was over since the last renewal that was answered had been
 * sent, by the clock of the client that held it; and in the end all have ended.
 */
export function checkLeases(
  calls: readonly Call[],
  watches: ReadonlyMap<number, Watched>,
  log: CommittedLog,
  violations: Violations,
): Map<string, KnownLease> {
  const leases = leasesOf(calls);
  const firstSeen = whenDeletionsWereSeen(watches);
  const releases = calls.filter(({ f }) => f === 'release');
  for (const event of log) {
    if (event.value !== null) continue;
    const before = log.read(event.key, event.modRevision - 1);
    const lease = leases.get(before?.lease ?? '');
    const seenAt = firstSeen.get(`${event.key} ${event.modRevision}`);
    if (lease === undefined || seenAt === undefined) continue;
    // A lock is let go by deleting its key: that is its client's own doing.
    if (wasReleased(releases, event.key, before?.value ?? '', event.modRevision)) continue;
    checkEnd(lease, seenAt, `${inWords(before)} was deleted`, violations);
  }
  for (const call of calls) {
    const lease = leases.get(plain(fieldOf(call.input, 'lease') ?? ''));
    if (lease === undefined) continue;
    const isGone = call.f === 'keepalive' && fieldOf(call.output, 'ttl') === 0;
    const isMissing = call.error.includes('requested lease not found');
    if (!isGone && !isMissing) continue;
    checkEnd(lease, call.returnedAt, `${call.f} was told that it is gone`, violations);
  }
  return leases;
}

/** @param seenAt by then it had ended */
function checkEnd(lease: KnownLease, seenAt: number, sign: string, violations: Violations): void {
  if (lease.revokedAt < seenAt) return;
  const deadline = Math.max(...lease.terms.map(({ to }) => to));
  if (seenAt >= deadline) return;
  violations.add(
    'leases',
    `lease ${lease.id}: ${sign} at ${seconds(seenAt)} s, and it lives until ${seconds(deadline)} s`,
  );
}

function whenDeletionsWereSeen(watches: ReadonlyMap<number, Watched>): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { batches } of watches.values()) {
    for (const { time, events } of batches) {
      for (const { key, value, modRevision } of events) {
        if (value !== null) continue;
        const name = `${key} ${modRevision}`;
        seen.set(name, Math.min(time, seen.get(name) ?? Infinity));
      }
    }
  }
  return seen;
}

function wasReleased(
  releases: readonly Call[],
  key: string,
  owner: string,
  revision: number,
): boolean {
  return releases.some((call) => {
    if (call.key !== key) return false;
    if (fieldOf(call.input, 'value') !== owner) return false;
    return call.outcome === 'info' || (call.outcome === 'ok' && call.revision === revision);
  });
}
