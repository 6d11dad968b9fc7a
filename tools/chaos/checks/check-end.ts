import {
  fieldOf,
  type HistoryEvent,
  listOf,
  numberOf,
  plain,
  textOf,
  versionFromJson,
} from '../history/history-event.ts';
import { type CommittedLog, inWords, isSameVersion } from './committed-log.ts';
import type { Violations } from './violation.ts';

/**
 * When all is mended, every member answers, holds what the log says and nothing else, has the same
 * hash, and no lease is left. What did not come to be was found out by the run: `final-problem`.
 */
export function checkEnd(
  history: readonly HistoryEvent[],
  log: CommittedLog,
  violations: Violations,
): void {
  const hashes = new Map<string, string[]>();
  let reads = 0;
  for (const event of history) {
    const { f, node = '?', value, revision = 0 } = event;
    if (f === 'final-problem') violations.add(textOf(fieldOf(value, 'check')), event.error ?? '');
    if (f === 'final-read') {
      reads += 1;
      checkReplica(event, log, violations);
    }
    if (f === 'final-hash') {
      const from = plain(fieldOf(value, 'compacted'));
      const name = `${numberOf(fieldOf(value, 'hash'))}, from ${from}`;
      hashes.set(name, [...(hashes.get(name) ?? []), node]);
    }
    if (f === 'final-leases' && listOf(value).length > 0) {
      const left = listOf(value).map(plain).join(', ');
      const message = `at revision ${revision} ${node} still has ${left}`;
      violations.add('leases end', message);
    }
  }
  if (hashes.size > 1) {
    const all = [...hashes].map(([hash, nodes]) => `${nodes.join(', ')}: ${hash}`);
    violations.add('same hash', `the hashes of the members differ: ${all.join('; ')}`);
  }
  if (reads === 0) violations.add('ends well', 'no member could be read in the end');
}

function checkReplica(event: HistoryEvent, log: CommittedLog, violations: Violations): void {
  const { node = '?', value, revision = 0 } = event;
  if (revision !== log.last) {
    const message = `${node} is at revision ${revision} in the end, the log at ${log.last}`;
    violations.add('replicas', message);
  }
  const found = new Map(listOf(value).map((row) => [textOf(listOf(row)[0]), versionFromJson(row)]));
  for (const key of new Set([...log.keys(), ...found.keys()])) {
    const expected = log.read(key, revision);
    const there = found.get(key) ?? null;
    if (isSameVersion(there, expected)) continue;
    const message = `${node} holds ${inWords(there)} in the end, not ${inWords(expected)}`;
    violations.add('replicas', message);
  }
}
