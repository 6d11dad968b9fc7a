import { createReadStream, statSync } from 'node:fs';
import { present } from '@quorate/base';
import type { NewTransfer } from '@quorate/ledger';
import { CliError, messageOf } from '../../cli-error.ts';
import { CsvParser } from './csv-parser.ts';
import {
  type ColumnProblem,
  columnProblem,
  type EventKind,
  eventOf,
  kindOf,
} from './event-columns.ts';
import { JsonLinesParser } from './json-lines-parser.ts';
import type { BadRecord, FileRecord, Header, RecordParser, StartPlace } from './record.ts';

/** An account or a transfer, and where its record ends. */
export interface FileEvent {
  readonly isGood: true;
  readonly line: number;
  readonly nextLine: number;
  readonly endBytes: number;
  /** Of an account only what accounts have is given. */
  readonly event: NewTransfer;
}

/** How a file is to be understood. */
export interface EventFileOptions {
  /** null: by its columns. */
  readonly kind: EventKind | null;
  /** Decimals of amounts. */
  readonly scale: number;
  readonly ignoredColumns: ReadonlySet<string>;
}

const start: StartPlace = { bytes: 0, line: 1 };
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
/** Within so many bytes the first row of a file ends. */
const headBytes = 1 << 16;

/** A file of accounts or transfers, as CSV or as lines of JSON. */
export class EventFile {
  readonly #path: string;
  readonly #options: EventFileOptions;
  #kind: EventKind | null;
  /** The columns looked at last, which mostly are those of the next record too. */
  #judged: readonly string[] | null = null;
  #judgment: ColumnProblem | null = null;

  /** @param path `-`: standard input */
  constructor(path: string, options: EventFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#kind = options.kind;
  }

  /** null before the first record. */
  get kind(): EventKind | null {
    return this.#kind;
  }

  /** What an earlier reading has found it to hold. */
  expect(kind: EventKind): void {
    this.#kind = kind;
  }

  /** null: that cannot be told. */
  get sizeBytes(): number | null {
    if (this.#path === '-') return null;
    try {
      return statSync(this.#path).size;
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }

  /**
   * Ends behind what makes the rest unreadable.
   *
   * @param from where a record begins; null: at the beginning
   * @throws CliError CLI_USAGE when the file cannot be read
   */
  async *read(from: StartPlace | null): AsyncGenerator<readonly (FileEvent | BadRecord)[]> {
    let parser = from === null ? null : await this.#parserAt(from);
    try {
      for await (const chunk of this.#chunks(from?.bytes ?? 0)) {
        let bytes: Buffer = chunk;
        if (parser === null) ({ parser, rest: bytes } = this.#begin(bytes));
        const events = this.#eventsOf(parser, bytes, false);
        yield events;
        if (events.some((event) => !event.isGood && event.isLast)) return;
      }
    } catch (error) {
      if (isFileError(error)) throw unreadable(this.#path, error);
      throw error;
    }
    if (parser !== null) yield this.#eventsOf(parser, Buffer.alloc(0), true);
  }

  #chunks(from: number): AsyncIterable<Buffer> {
    if (this.#path === '-') return process.stdin;
    return createReadStream(this.#path, { start: from, highWaterMark: 1 << 18 });
  }

  /** One that has read the first row already. */
  async #parserAt(from: StartPlace): Promise<RecordParser> {
    const head = createReadStream(this.#path, { end: headBytes - 1 });
    for await (const chunk of head) {
      const { parser, rest } = this.#begin(chunk);
      if (parser instanceof JsonLinesParser) return new JsonLinesParser(from);
      parser.feed(rest, false);
      return new CsvParser(parser.header, from);
    }
    return new CsvParser(null, from);
  }

  #eventsOf(
    parser: RecordParser,
    bytes: Buffer,
    isEnd: boolean,
  ): readonly (FileEvent | BadRecord)[] {
    const records = parser.feed(bytes, isEnd);
    const bad = parser.header === null ? null : this.#badHeader(parser.header);
    if (bad !== null) return [bad];
    return records.map((record) => (record.isGood ? this.#eventOf(record) : record));
  }

  /** Where the first line is wrong, every other is. */
  #badHeader({ names, places }: Header): BadRecord | null {
    this.#kind ??= kindOf(names);
    const problem = this.#problemOf(names, this.#kind);
    if (problem === null) return null;
    const { name, index, reason } = problem;
    const first = present(places[0], 'a row has a field');
    const place = index === null ? first : present(places[index], 'a name has a place');
    const at = { line: first.line, nextLine: place.line + 1, endBytes: 0, place };
    return { isGood: false, ...at, name, reason, isLast: true, isLinked: null };
  }

  #eventOf(record: FileRecord): FileEvent | BadRecord {
    this.#kind ??= kindOf(record.names);
    const problem = this.#problemOf(record.names, this.#kind);
    const { line, nextLine, endBytes } = record;
    if (problem !== null) {
      const { name, index, reason } = problem;
      const place = index === null ? { line, column: 1 } : record.namePlace(index);
      const at = { line, nextLine, endBytes, place };
      return { isGood: false, ...at, name, reason, isLast: false, isLinked: null };
    }
    const event = eventOf(record, this.#kind, this.#options.scale);
    return 'isGood' in event ? event : { isGood: true, line, nextLine, endBytes, event };
  }

  #problemOf(names: readonly string[], kind: EventKind): ColumnProblem | null {
    if (!isSame(names, this.#judged)) {
      this.#judged = names;
      this.#judgment = columnProblem(names, kind, this.#options.ignoredColumns);
    }
    return this.#judgment;
  }

  #begin(bytes: Buffer): { parser: CsvParser | JsonLinesParser; rest: Buffer } {
    const hasMark = bytes.subarray(0, 3).equals(byteOrderMark);
    const rest = hasMark ? bytes.subarray(3) : bytes;
    const place = { ...start, bytes: hasMark ? 3 : 0 };
    const isJson = /^\s*\{/.test(rest.toString('latin1', 0, 64));
    const parser = isJson ? new JsonLinesParser(place) : new CsvParser(null, place);
    return { parser, rest };
  }
}

function isSame(names: readonly string[], others: readonly string[] | null): boolean {
  if (names === others) return true;
  return names.length === others?.length && names.every((name, at) => name === others[at]);
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function unreadable(path: string, error: unknown): CliError {
  const message = `${path} cannot be read (${messageOf(error)}); check the path`;
  return new CliError('CLI_USAGE', message, {}, { cause: error });
}
