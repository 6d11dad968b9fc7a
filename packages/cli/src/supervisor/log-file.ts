import {
  closeSync,
  copyFileSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const defaultMaxBytes = 16 << 20;
/** More than this between two looks is skipped: a terminal shows no more anyway. */
const maxReadBytes = 256 << 10;
const lastWordsBytes = 8 << 10;

/**
 * Moves a log that has grown beyond `maxBytes` to `PATH.1`. Copied and cut rather than renamed, for
 * the node has the file open, appending, and need not be told; lines written in between are lost.
 */
export function rotateLog(path: string, maxBytes = defaultMaxBytes): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return;
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    // On a full disk the older half goes; the newer must have room.
    rmSync(`${path}.1`, { force: true });
  }
  truncateSync(path, 0);
}

export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** How an uncaught error begins; what follows it in the log is its stack. */
const errorLine = /^(Uncaught )?[A-Z]\w*(Error|Failed)\b/;

/**
 * The line of a log's end that says most: the last error, or else the last line that is not empty.
 *
 * @returns at most 300 characters; null when there is nothing from `fromByte` on
 */
export function lastWords(path: string, fromByte: number): string | null {
  const size = logSize(path);
  const text = readBetween(path, Math.max(fromByte, size - lastWordsBytes), size).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const found = lines.findLast((line) => errorLine.test(line)) ?? lines.at(-1);
  return found === undefined ? null : found.trim().slice(0, 300);
}

/** Hands on the lines that are added to a log, from its end when it was first looked at. */
export class LogFollower {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  #decoder = new StringDecoder('utf8');
  #offset: number;
  #rest = '';

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
    this.#offset = logSize(path);
  }

  /** Reads what has been added since; to be called now and then. */
  poll(): void {
    const size = logSize(this.#path);
    if (size < this.#offset) this.#startAt(0); // A log that has shrunk was rotated.
    if (size - this.#offset > maxReadBytes) this.#startAt(size - maxReadBytes);
    const bytes = readBetween(this.#path, this.#offset, size);
    this.#offset += bytes.length;
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-maxReadBytes);
    for (const line of lines) if (line !== '') this.#onLine(line);
  }

  #startAt(offset: number): void {
    this.#offset = offset;
    this.#rest = '';
    this.#decoder = new StringDecoder('utf8');
  }
}

/** Fewer bytes when the file ends earlier, none when it is not there. */
function readBetween(path: string, start: number, end: number): Buffer {
  if (end <= start) return Buffer.alloc(0);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const bytes = Buffer.alloc(end - start);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
  } finally {
    closeSync(file);
  }
}
