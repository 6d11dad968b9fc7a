import type { Call } from '../history/calls.ts';
import { numberOf, type SeenEvent } from '../history/history-event.ts';
import { type CommittedLog, inWords, isSameVersion } from './committed-log.ts';
import type { Violations } from './violation.ts';
import type { Watched } from './watched.ts';

/**
 * Each watch was told of every change of its keys from its first revision to its bookmark, each
 * once, in order, all of a revision together, with the version before where it asked for that. A
 * version before that may have been compacted by then may be missing.
 */
export function checkWatches(
  watches: ReadonlyMap<number, Watched>,
  calls: readonly Call[],
  log: CommittedLog,
  violations: Violations,
): void {
  const compactions = calls.filter(({ f }) => f === 'compact');
  const mayBeForgotten = (revision: number, time: number): boolean =>
    compactions.some(({ input, calledAt }) => calledAt <= time && numberOf(input) >= revision);
  for (const [id, watch] of watches) {
    if (watch.from === 0) continue;
    const name = `watch ${id} of ${JSON.stringify(watch.prefix)} at ${watch.node}`;
    checkOrder(name, watch, violations);
    if (!watch.isAuditor) checkContent(name, watch, { log, mayBeForgotten, violations });
    checkEnd(name, watch, violations);
  }
}

function checkOrder(name: string, watch: Watched, violations: Violations): void {
  let last = watch.from - 1;
  for (const { events, revision } of watch.batches) {
    const first = events[0]?.modRevision ?? revision;
    if (first <= last) {
      violations.add('watch order', `${name} was told of revision ${first} behind ${last}`);
    }
    for (const event of events) {
      if (event.modRevision < last) {
        const told = `${event.key}@${event.modRevision}`;
        violations.add('watch order', `${name} was told of ${told} behind revision ${last}`);
      }
      last = Math.max(last, event.modRevision);
    }
    if (last > revision) {
      const message = `${name}: an answer of revision ${revision} tells of revision ${last}`;
      violations.add('watch order', message);
    }
  }
}

interface Content {
  readonly log: CommittedLog;
  /** Whether what was before that revision may have been compacted by that time. */
  readonly mayBeForgotten: (revision: number, time: number) => boolean;
  readonly violations: Violations;
}

function checkContent(
  name: string,
  watch: Watched,
  { log, mayBeForgotten, violations }: Content,
): void {
  const told = watch.batches.flatMap(({ events, time }) =>
    events.map((event) => {
      const isForgotten = event.previous === null && mayBeForgotten(event.modRevision, time);
      return { event, withPrevious: watch.withPrevious && !isForgotten };
    }),
  );
  let at = 0;
  for (let revision = watch.from; revision <= watch.bookmark; revision++) {
    for (const expected of log.at(revision)) {
      if (!expected.key.startsWith(watch.prefix)) continue;
      if (watch.withoutDeletes && expected.value === null) continue;
      const seen = told[at];
      const wrong = difference(seen?.event, expected, seen?.withPrevious === true);
      if (wrong !== null) {
        violations.add(
          'watch content',
          `${name}, from ${watch.from} to ${watch.bookmark}: ${wrong}`,
        );
        return;
      }
      at += 1;
    }
  }
  const extra = told[at];
  if (extra === undefined) return;
  violations.add(
    'watch content',
    `${name} was told of ${inWords(extra.event)}, which never happened`,
  );
}

function difference(
  seen: SeenEvent | undefined,
  expected: SeenEvent,
  withPrevious: boolean,
): string | null {
  if (seen === undefined) return `it was not told of ${inWords(expected)}`;
  if (!isSameVersion(seen, expected)) {
    return `it was told of ${inWords(seen)} where ${inWords(expected)} happened`;
  }
  if (!withPrevious || expected.previous === undefined) return null;
  if (isSameVersion(seen.previous ?? null, expected.previous)) return null;
  return (
    `with ${inWords(seen)} came ${inWords(seen.previous ?? null)} as the version before, ` +
    `which was ${inWords(expected.previous)}`
  );
}

function checkEnd(name: string, { end, bookmark }: Watched, violations: Violations): void {
  if (end === null || end.compacted === 0 || end.compacted > bookmark + 1) return;
  violations.add(
    'watch end',
    `${name} was cancelled as compacted at ${end.compacted}, and had everything to ${bookmark}`,
  );
}
