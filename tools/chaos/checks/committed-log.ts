import type { KeyVersion, SeenEvent } from '../history/history-event.ts';
import type { Violations } from './violation.ts';
import type { Watched } from './watched.ts';

/** A store's revision before anything was written. */
const emptyRevision = 1;

/**
 * Every change of the store in order, as a watch of all keys from the beginning was told. It need
 * not be believed: revisions leave no gap, so that one that is missing shows, and each version of a
 * key says which place it has among its versions.
 */
export class CommittedLog {
  readonly #events = new Map<number, SeenEvent[]>();
  readonly #versions = new Map<string, KeyVersion[]>();
  #last = emptyRevision;

  /** @param watches those of all keys, each going on behind the one before */
  constructor(watches: Iterable<Watched>, violations: Violations) {
    for (const watch of watches) {
      if (!watch.isAuditor) continue;
      for (const batch of watch.batches) {
        for (const event of batch.events) this.#append(event, violations);
      }
    }
  }

  get last(): number {
    return this.#last;
  }

  /** In the order in which they happened; empty when there is no such revision. */
  at(revision: number): readonly SeenEvent[] {
    return this.#events.get(revision) ?? [];
  }

  *[Symbol.iterator](): Iterator<SeenEvent> {
    for (const events of this.#events.values()) yield* events;
  }

  /** Oldest first, deletions included. */
  versionsOf(key: string): readonly KeyVersion[] {
    return this.#versions.get(key) ?? [];
  }

  keys(): Iterable<string> {
    return this.#versions.keys();
  }

  /** @returns what the key held once everything up to that revision had happened, or null */
  read(key: string, revision: number): KeyVersion | null {
    const versions = this.#versions.get(key) ?? [];
    let low = 0;
    let high = versions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((versions[middle]?.modRevision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    const found = versions[low - 1];
    return found === undefined || found.value === null ? null : found;
  }

  #append(event: SeenEvent, violations: Violations): void {
    const { key, modRevision } = event;
    if (modRevision < this.#last) {
      violations.add('log', `revision ${modRevision} of ${key} came behind ${this.#last}`);
      return;
    }
    if (modRevision > this.#last + 1) {
      violations.add(
        'log',
        `the watch of all keys skips from revision ${this.#last} to ${modRevision} (${key})`,
      );
    }
    this.#last = modRevision;
    const before = this.read(key, modRevision);
    const wrong = whyNotNext(before, event);
    if (wrong !== null) violations.add('log', `${key} at revision ${modRevision}: ${wrong}`);
    const events = this.#events.get(modRevision);
    if (events === undefined) this.#events.set(modRevision, [event]);
    else events.push(event);
    const versions = this.#versions.get(key);
    if (versions === undefined) this.#versions.set(key, [event]);
    else versions.push(event);
  }
}

/** @returns why this cannot be the change that follows, or null */
function whyNotNext(before: KeyVersion | null, event: SeenEvent): string | null {
  const { previous, value, version, createRevision, modRevision } = event;
  if (before?.modRevision === modRevision) return 'it changes twice at one revision';
  if (previous !== undefined && !isSameVersion(previous, before)) {
    return `before it there was ${inWords(before)}, and the event says ${inWords(previous)}`;
  }
  if (value === null) return before === null ? 'it is deleted and was not there' : null;
  const expected = {
    version: (before?.version ?? 0) + 1,
    createRevision: before?.createRevision ?? modRevision,
  };
  if (version !== expected.version || createRevision !== expected.createRevision) {
    return (
      `version ${version}, created at ${createRevision}, where version ${expected.version}, ` +
      `created at ${expected.createRevision}, follows`
    );
  }
  return null;
}

export function isSameVersion(a: KeyVersion | null, b: KeyVersion | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.key === b.key &&
    a.value === b.value &&
    a.modRevision === b.modRevision &&
    a.createRevision === b.createRevision &&
    a.version === b.version &&
    a.lease === b.lease
  );
}

export function inWords(version: KeyVersion | null): string {
  if (version === null) return 'nothing';
  const { key, value, modRevision, version: count, createRevision } = version;
  const text = value === null ? 'deleted' : JSON.stringify(value);
  return `${key}=${text}@${modRevision} (version ${count} since ${createRevision})`;
}
