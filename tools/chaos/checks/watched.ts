import {
  eventFromJson,
  fieldOf,
  type HistoryEvent,
  listOf,
  numberOf,
  type SeenEvent,
} from '../history/history-event.ts';

/** One answer with events, of one watch. */
export interface WatchBatch {
  readonly time: number;
  /** Of the answer's header. */
  readonly revision: number;
  readonly events: readonly SeenEvent[];
}

/** One watch, from its creation to its end; a client that resumes makes another. */
export interface Watched {
  readonly process: number;
  readonly node: string;
  /** Keys that begin so. */
  readonly prefix: string;
  readonly withPrevious: boolean;
  readonly withoutDeletes: boolean;
  /** Of all keys from the first revision on: what the committed log is made from. */
  readonly isAuditor: boolean;
  /** The first revision it is to tell of; 0 until it was created. */
  readonly from: number;
  readonly batches: readonly WatchBatch[];
  /** Up to there, in its own words, everything was told. */
  readonly bookmark: number;
  /** Why the server ended it; compacted: the revision from which it could go on. */
  readonly end: { readonly reason: string; readonly compacted: number } | null;
}

type Growing = { -readonly [Name in keyof Watched]: Watched[Name] } & { batches: WatchBatch[] };

/** @returns the watches of a history by their numbers */
export function watchesOf(history: readonly HistoryEvent[]): Map<number, Watched> {
  const watches = new Map<number, Growing>();
  for (const event of history) {
    if (event.process === 'nemesis') continue;
    const { f, type, value, revision = 0 } = event;
    if (!f.startsWith('watch')) continue;
    const id = numberOf(fieldOf(value, 'watch'));
    const watch = watches.get(id);
    if (f === 'watch' && type === 'invoke') watches.set(id, begin(event, event.process));
    else if (watch === undefined) throw new Error(`events of watch ${id}, which nobody made`);
    else if (f === 'watch' && type === 'ok') {
      watch.from = numberOf(fieldOf(value, 'from'));
      watch.bookmark = Math.max(watch.from - 1, 0);
    } else if (f === 'watch-events') {
      const events = listOf(fieldOf(value, 'events')).map(eventFromJson);
      watch.batches.push({ time: event.time, revision, events });
      watch.bookmark = Math.max(watch.bookmark, revision);
    } else if (f === 'watch-progress') watch.bookmark = Math.max(watch.bookmark, revision);
    else if (f === 'watch-end') {
      const compacted = numberOf(fieldOf(value, 'compacted'));
      watch.end = { reason: event.error ?? '', compacted };
    }
  }
  return watches;
}

function begin(event: HistoryEvent, process: number): Growing {
  const { value, key, node = '' } = event;
  return {
    process,
    node,
    prefix: key ?? '',
    withPrevious: fieldOf(value, 'previous') === true,
    withoutDeletes: fieldOf(value, 'noDelete') === true,
    isAuditor: fieldOf(value, 'auditor') === true,
    from: 0,
    batches: [],
    bookmark: 0,
    end: null,
  };
}
