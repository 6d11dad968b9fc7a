import { InvariantViolation } from '@quorate/sim';
import type { SingleCopy } from './single-copy.ts';
import type { SeenChange, WatchClient } from './watch-client.ts';

/**
 * What each watch was told is what happened to its keys, from its first revision on: nothing is
 * missing, nothing is told twice, nothing is told that did not happen.
 *
 * @throws InvariantViolation
 */
export function checkWatches(clients: readonly WatchClient[], copy: SingleCopy): void {
  const changes = copy.changes();
  for (const client of clients) {
    const { from, bookmark, seen } = client;
    if (from === null) continue;
    const expected = changes.filter(
      ({ key, revision }) => client.watches(key) && revision >= from && revision <= bookmark,
    );
    const told = sorted(seen);
    const missing = expected.find((one, at) => inWords(one) !== inWords(told[at]));
    if (missing === undefined && expected.length === seen.length) continue;
    throw new InvariantViolation(
      'watches miss nothing',
      `a watch of ${client.options.key} from revision ${from} to ${bookmark} was told of ` +
        `${seen.length} changes, and there were ${expected.length}; the first that differs is ` +
        `${inWords(missing ?? told[expected.length])}`,
    );
  }
}

/** @returns whether some watch has not been told of everything, in words */
export function watchBehind(clients: readonly WatchClient[], revision: number): string | null {
  const behind = clients.find(({ bookmark }) => bookmark < revision);
  if (behind === undefined) return null;
  return `a watch of ${behind.options.key} is at revision ${behind.bookmark} of ${revision}`;
}

/** Within a revision in no particular order. */
function sorted(changes: readonly SeenChange[]): readonly SeenChange[] {
  return changes.toSorted((a, b) => a.revision - b.revision || (a.key < b.key ? -1 : 1));
}

function inWords(change: SeenChange | undefined): string {
  if (change === undefined) return 'none';
  const { key, value, revision } = change;
  return `${key}@${revision}${value === null ? ' deleted' : `=${value}`}`;
}
