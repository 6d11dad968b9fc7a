import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ednLine } from './edn.ts';
import type { HistoryEvent } from './history-event.ts';

export const historyFileName = 'history.jsonl';
const ednFileName = 'history.edn';

/** So much is gathered before it goes to disk: a run that is killed loses no more. */
const bufferedEvents = 256;

/** Keeps the history in memory, for the checks, and in two files, for everybody else. */
export class HistoryWriter {
  readonly events: HistoryEvent[] = [];
  readonly #files: readonly { readonly descriptor: number; readonly isEdn: boolean }[];
  readonly #originMs = performance.now();
  #written = 0;

  constructor(directory: string) {
    this.#files = [
      { descriptor: openSync(join(directory, historyFileName), 'w'), isEdn: false },
      { descriptor: openSync(join(directory, ednFileName), 'w'), isEdn: true },
    ];
  }

  /** Nanoseconds since the beginning. */
  now(): number {
    return Math.round((performance.now() - this.#originMs) * 1e6);
  }

  /** @returns the time it got */
  add(event: Omit<HistoryEvent, 'time'>): number {
    const { process, type, f, key, value, ...rest } = event;
    const time = this.now();
    this.events.push({ process, type, f, key, value, time, ...rest });
    if (this.events.length - this.#written >= bufferedEvents) this.#write();
    return time;
  }

  close(): void {
    this.#write();
    for (const { descriptor } of this.#files) closeSync(descriptor);
  }

  #write(): void {
    const first = this.#written;
    const fresh = this.events.slice(first);
    this.#written = this.events.length;
    for (const { descriptor, isEdn } of this.#files) {
      const lines = fresh.map((event, at) =>
        isEdn ? ednLine(event, first + at) : JSON.stringify(event),
      );
      if (lines.length > 0) writeSync(descriptor, `${lines.join('\n')}\n`);
    }
  }
}
