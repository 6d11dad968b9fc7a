import type { Call } from '../history/calls.ts';
import {
  fieldOf,
  type Json,
  type KeyVersion,
  listOf,
  plain,
  textOf,
  versionFromJson,
} from '../history/history-event.ts';
import { type CommittedLog, inWords, isSameVersion } from './committed-log.ts';
import type { Violations } from './violation.ts';

/** What a call puts, if it happens: the last word of each value is put by one call alone. */
interface Put {
  readonly key: string;
  readonly tag: string;
}

/** Calls that show a revision; `stale-read` may show an old one. */
const linearizable: ReadonlySet<string> = new Set([
  'read',
  'write',
  'cas',
  'txn',
  'attach',
  'acquire',
  'fenced',
  'release',
]);

/** Keys that nobody ever deletes. */
const kept = /^[rtf]\//;

/**
 * Every answer is that of the revision it shows, revisions never fall behind what was known when a
 * call began, acknowledged writes are in the log, refused ones are not, and nothing is there twice
 * or was never sent.
 */
export function checkAnswers(
  calls: readonly Call[],
  log: CommittedLog,
  violations: Violations,
): void {
  checkRealTime(calls, violations);
  const puts = new Map<string, Call>();
  for (const call of calls) {
    const put = putOf(call);
    if (put !== null) puts.set(`${put.key} ${put.tag}`, call);
    if (call.outcome === 'ok') checkOk(call, put, log, violations);
    else if (call.outcome === 'fail' && call.error === 'compare') {
      checkRefusedComparison(call, log, violations);
    }
  }
  checkLog(log, puts, violations);
}

/** Where a call puts something: the key and the value's last word. */
function putOf({ f, key, input }: Call): Put | null {
  if (key !== null) {
    if (f === 'write') return { key, tag: plain(input) };
    if (f === 'cas') return { key, tag: plain(listOf(input)[1]) };
    if (f === 'attach' || f === 'acquire' || f === 'fenced') {
      return { key, tag: textOf(fieldOf(input, 'value')) };
    }
  }
  if (f !== 'txn') return null;
  const [, appended, element] = listOf(listOf(input)[0]);
  return { key: textOf(appended), tag: plain(element) };
}

function describe({ f, key, input, process, node, revision }: Call): string {
  const at = revision === 0 ? '' : `, answered at revision ${revision}`;
  return `${f} ${key ?? ''} ${JSON.stringify(input)} of process ${process} at ${node}${at}`;
}

function checkRealTime(calls: readonly Call[], violations: Violations): void {
  const relevant = calls.filter(({ f, revision }) => linearizable.has(f) && revision > 0);
  const returns = relevant.toSorted((a, b) => a.returnIndex - b.returnIndex);
  let known = 0;
  let witness: Call | null = null;
  let at = 0;
  for (const call of relevant) {
    for (;;) {
      const returned = returns[at];
      if (returned === undefined || returned.returnIndex > call.callIndex) break;
      at += 1;
      if (returned.revision <= known) continue;
      known = returned.revision;
      witness = returned;
    }
    const changes = call.outcome === 'ok' && putOf(call) !== null;
    const isBehind = changes ? call.revision <= known : call.revision < known;
    if (!isBehind || witness === null) continue;
    violations.add(
      'real time',
      `${describe(call)}; before it was called, ${describe(witness)} had returned`,
    );
  }
}

function checkOk(call: Call, put: Put | null, log: CommittedLog, violations: Violations): void {
  const { key, f, revision, output } = call;
  if (put !== null) {
    const event = log.at(revision).find((each) => each.key === put.key);
    if (event === undefined || tagOf(event) !== put.tag) {
      const there = log.at(revision).map(inWords).join(', ') || 'nothing';
      violations.add('acknowledged writes', `${describe(call)}; the log has ${there} there`);
    }
  }
  if ((f === 'read' || f === 'stale-read') && key !== null) {
    const there = log.read(key, revision);
    const found = call.detail === undefined ? null : versionFromJson(call.detail);
    if (isSameVersion(found, there) && output === numberIn(there)) return;
    const message = `${describe(call)} found ${inWords(found)}, where ${inWords(there)} was`;
    violations.add(f === 'read' ? 'reads' : 'stale reads', message);
  }
  if (f === 'cas' && key !== null) {
    const before = numberIn(log.read(key, revision - 1));
    if (before === listOf(call.input)[0]) return;
    violations.add('comparisons', `${describe(call)} succeeded, where ${plain(before)} was`);
  }
  if (f === 'txn') checkTxnReads(call, log, violations);
}

function checkTxnReads(call: Call, log: CommittedLog, violations: Violations): void {
  for (const part of listOf(call.output)) {
    const [kind, key, found] = listOf(part);
    if (kind !== 'r') continue;
    const there = elements(log.read(textOf(key), call.revision));
    if (JSON.stringify(found) === JSON.stringify(there)) continue;
    const message = `${describe(call)} read ${JSON.stringify(found)} of ${plain(key)}, where `;
    violations.add('transactions', `${message}${JSON.stringify(there)} was`);
  }
}

function checkRefusedComparison(call: Call, log: CommittedLog, violations: Violations): void {
  const { f, key, revision, input } = call;
  if (f === 'cas' && key !== null && revision > 0) {
    const there = numberIn(log.read(key, revision));
    if (there !== listOf(input)[0]) return;
    violations.add('comparisons', `${describe(call)} was refused, where ${plain(there)} was`);
  }
  if (f === 'acquire' && key !== null && revision > 0 && log.read(key, revision) === null) {
    violations.add('comparisons', `${describe(call)} was refused, where nobody held it`);
  }
}

function checkLog(log: CommittedLog, puts: ReadonlyMap<string, Call>, violations: Violations) {
  const seen = new Set<string>();
  for (const event of log) {
    const { key, value, modRevision } = event;
    if (value === null) {
      if (kept.test(key)) violations.add('phantoms', `nobody deleted ${key}@${modRevision}`);
      continue;
    }
    const name = `${key} ${tagOf(event)}`;
    const call = puts.get(name);
    if (call === undefined) {
      violations.add('phantoms', `nobody sent ${inWords(event)}`);
    } else if (call.outcome === 'fail') {
      const message = `${describe(call)} failed (${call.error}), and is at ${modRevision}`;
      violations.add('refused writes', message);
    }
    if (seen.has(name)) violations.add('applied once', `${inWords(event)} was put before`);
    seen.add(name);
    if (key.startsWith('t/')) checkAppended(event, log, violations);
  }
}

/** A list is the one before, and one more. */
function checkAppended(event: KeyVersion, log: CommittedLog, violations: Violations): void {
  const before = elements(log.read(event.key, event.modRevision - 1));
  const after = elements(event);
  if (JSON.stringify(before) === JSON.stringify(after.slice(0, -1))) return;
  violations.add(
    'transactions',
    `${inWords(event)} follows ${JSON.stringify(before)}: something was lost between`,
  );
}

function tagOf({ value }: KeyVersion): string {
  return (value ?? '').slice((value ?? '').lastIndexOf(' ') + 1);
}

function elements(version: KeyVersion | null): number[] {
  const value = version?.value ?? '';
  return value === '' ? [] : value.split(' ').map(Number);
}

function numberIn(version: KeyVersion | null): Json {
  return version?.value === undefined || version.value === null ? null : Number(version.value);
}
