import { createReadStream, statSync } from 'node:fs';
import type { NewTransfer } from '@quorate/ledger';
import { CliError, messageOf } from '../../cli-error.ts';
import { CsvParser } from './csv-parser.ts';
import { columnProblem, type EventKind, eventOf, kindOf } from './event-columns.ts';
import { JsonLinesParser } from './json-lines-parser.ts';
import type { BadRecord, FileRecord, RecordParser, StartPlace } from './record.ts';

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
  #isCsv = false;
  /** The columns looked at last, which mostly are those of the next record too. */
  #judged: readonly string[] | null = null;
  #judgment: ReturnType<typeof columnProblem> = null;

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
   * @param from where a record begins; null: at the beginning
   * @throws CliError CLI_USAGE when the file cannot be read
   */
  async *read(from: StartPlace | null): AsyncGenerator<readonly (FileEvent | BadRecord)[]> {
    let parser = from === null ? null : await this.#parserAt(from);
    try {
      for await (const chunk of this.#chunks(from?.bytes ?? 0)) {
        const bytes: Buffer = chunk;
        if (parser !== null) {
          yield this.#eventsOf(parser.feed(bytes, false));
        } else {
          const begun = this.#begin(bytes);
          parser = begun.parser;
          yield this.#eventsOf(parser.feed(begun.rest, false));
        }
      }
    } catch (error) {
      if (isFileError(error)) throw unreadable(this.#path, error);
      throw error;
    }
    if (parser !== null) yield this.#eventsOf(parser.feed(Buffer.alloc(0), true));
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

  #eventsOf(records: readonly (FileRecord | BadRecord)[]): readonly (FileEvent | BadRecord)[] {
    return records.map((record) => (record.isGood ? this.#eventOf(record) : record));
  }

  #eventOf(record: FileRecord): FileEvent | BadRecord {
    this.#kind ??= kindOf(record.names);
    const problem = this.#problemOf(record.names, this.#kind);
    const { line, nextLine, endBytes } = record;
    if (problem !== null) {
      const isLast = this.#isCsv;
      const index = Math.max(record.names.indexOf(problem.name), 0);
      // Of CSV it is the first line that is wrong, and with it every other.
      const place = isLast ? { line: 1, column: 1 } : record.place(index);
      const bad = { line, nextLine, endBytes, place, ...problem, isLast, isLinked: null };
      return { isGood: false, ...bad };
    }
    const event = eventOf(record, this.#kind, this.#options.scale);
    return 'isGood' in event ? event : { isGood: true, line, nextLine, endBytes, event };
  }

  #problemOf(names: readonly string[], kind: EventKind): ReturnType<typeof columnProblem> {
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
    this.#isCsv = !/^\s*\{/.test(rest.toString('latin1', 0, 64));
    const parser = this.#isCsv ? new CsvParser(null, place) : new JsonLinesParser(place);
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
