import { ownLeases } from './drawer.ts';
import { normalise } from './normalise.ts';

type Fields = Record<string, unknown>;

/** The id of the watch by which it is seen how far a stream is. */
export const markerId = 999_999n;

/**
 * What a watch stream has heard, by watch: how answers are cut, and which watch is served first,
 * is each server's own affair; what one watch hears, in which order, is not.
 */
export class WatchLog {
  readonly #heard = new Map<string, unknown[]>();
  /** Answers that say that a watch was made, or could not be made. */
  created = 0;
  /** The last revision that the marker's watch has heard of. */
  marker = 0;
  /** The marker's watch was made. */
  isMarked = false;
  isOver = false;
  /** Answers that tell how far the stream is, and the revision of the last. */
  progress: readonly [count: number, revision: string] = [0, ''];

  /** @param message an answer in its JSON form */
  take(message: object): void {
    const { events, ...rest } = message as { events?: readonly Fields[] } & Fields;
    const id = (rest['watch_id'] as string | undefined) ?? '0';
    const heard = this.#of(id);
    if (rest['created'] === true || rest['canceled'] === true) {
      if (rest['created'] === true) this.created += 1;
      if (id === String(markerId)) this.isMarked = rest['canceled'] !== true;
      const { header, ...control } = rest;
      heard.push({ ...control, revision: (header as Fields | undefined)?.['revision'] });
    }
    const isAboutAll = id === '-1' && rest['created'] !== true && rest['canceled'] !== true;
    if (isAboutAll && events === undefined) {
      const revision = String((rest['header'] as Fields | undefined)?.['revision']);
      this.progress = [this.progress[0] + 1, revision];
    }
    for (const event of events ?? []) {
      heard.push(normalise(event, ownLeases));
      if (id === String(markerId)) this.marker = revisionOf(event);
    }
  }

  ended(code: number, message: string): void {
    this.isOver = true;
    this.#of('stream').push({ code, message });
  }

  /** @returns what was heard since the last time it was forgotten */
  heard(): object {
    const watches = [...this.#heard].filter(([, items]) => items.length > 0);
    return Object.fromEntries(watches.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  forget(): void {
    this.#heard.clear();
  }

  #of(id: string): unknown[] {
    const heard = this.#heard.get(id) ?? [];
    this.#heard.set(id, heard);
    return heard;
  }
}

function revisionOf(event: Fields): number {
  return Number((event['kv'] as Fields | undefined)?.['mod_revision'] ?? 0);
}
