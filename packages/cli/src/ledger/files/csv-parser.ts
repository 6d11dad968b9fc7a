import { assert, present } from '@quorate/base';
import { QuotedRow, type RowProblem } from './quoted-row.ts';
import {
  type BadRecord,
  columnBehind,
  type FileRecord,
  type Header,
  maxRecordBytes,
  type Place,
  type RecordParser,
  type StartPlace,
} from './record.ts';

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const none = Buffer.alloc(0);

/**
 * Reads CSV as RFC 4180 has it: fields between commas, quoted where they hold commas, quotes or
 * line ends. The first row names the columns. Empty lines are passed over.
 */
export class CsvParser implements RecordParser {
  #header: Header | null;
  #rest: Buffer = none;
  /** Of the first byte of what is fed next, less the rest. */
  #bytes: number;
  #line: number;
  #hasEnded = false;

  /** @param header of a file whose first row lies before `start`; null: the first row is it */
  constructor(header: Header | null, start: StartPlace) {
    this.#header = header;
    this.#bytes = start.bytes;
    this.#line = start.line;
  }

  get header(): Header | null {
    return this.#header;
  }

  feed(bytes: Buffer, isEnd: boolean): readonly (FileRecord | BadRecord)[] {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const records: (FileRecord | BadRecord)[] = [];
    let at = 0;
    let nextQuote = buffer.indexOf(quote);
    while (!this.#hasEnded && at < buffer.length) {
      const found = buffer.indexOf(newline, at);
      if (found < 0 && !isEnd) break;
      const lineEnd = found < 0 ? buffer.length : found;
      if (nextQuote >= 0 && nextQuote < at) nextQuote = buffer.indexOf(quote, at);
      const isQuoted = nextQuote >= 0 && nextQuote < lineEnd;
      const end = isQuoted
        ? this.#takeQuoted(buffer, at, isEnd, records)
        : this.#takePlain(buffer, at, lineEnd, found < 0 ? lineEnd : lineEnd + 1, records);
      if (end === null) break;
      at = end;
    }
    this.#keep(buffer, at, records);
    return records;
  }

  #keep(buffer: Buffer, at: number, records: (FileRecord | BadRecord)[]): void {
    this.#rest = this.#hasEnded ? none : buffer.subarray(at);
    this.#bytes += at;
    if (this.#rest.length <= maxRecordBytes) return;
    const place = { line: this.#line, column: 1 };
    const reason = `no end within ${maxRecordBytes} bytes; is a quote not closed?`;
    this.#fail({ place, reason }, this.#line, this.#bytes, true, records);
  }

  #takePlain(
    buffer: Buffer,
    at: number,
    lineEnd: number,
    next: number,
    records: (FileRecord | BadRecord)[],
  ): number {
    const last = lineEnd > at && buffer[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd;
    const line = this.#line;
    this.#line += 1;
    if (last === at) return next;
    const texts = buffer.toString('utf8', at, last).split(',');
    const place = (index: number): Place => {
      const before = texts.slice(0, index).map((text) => `${text},`);
      return { line, column: columnBehind(before.join('')) };
    };
    this.#add(texts, place, line, this.#bytes + next, records);
    return next;
  }

  /** @returns null: it goes on behind these bytes */
  #takeQuoted(
    buffer: Buffer,
    at: number,
    isEnd: boolean,
    records: (FileRecord | BadRecord)[],
  ): number | null {
    const row = new QuotedRow(buffer, at, this.#line);
    const end = row.read(isEnd);
    if (end === null) return null;
    const line = this.#line;
    this.#line = row.nextLine;
    const { problem } = row;
    if (problem !== null) {
      this.#fail(problem, line, this.#bytes + end, problem.isLast, records);
    } else {
      this.#add(row.texts, (index) => row.place(index), line, this.#bytes + end, records);
    }
    return end;
  }

  #add(
    texts: readonly string[],
    place: (index: number) => Place,
    line: number,
    endBytes: number,
    records: (FileRecord | BadRecord)[],
  ): void {
    if (this.#header === null) {
      const names = texts.map((text) => text.trim());
      this.#header = { names, places: names.map((_, index) => place(index)) };
      return;
    }
    const { names, places } = this.#header;
    if (texts.length === names.length) {
      const nextLine = this.#line;
      const namePlace = (index: number): Place => present(places[index], 'a name has a place');
      records.push({ isGood: true, line, nextLine, endBytes, names, texts, place, namePlace });
      return;
    }
    const reason = `${texts.length} fields, where the first line names ${names.length} columns`;
    const index = Math.min(texts.length, names.length) - 1;
    assert(index >= 0, 'a row has a field');
    this.#fail({ place: place(index), reason }, line, endBytes, false, records);
  }

  #fail(
    problem: Pick<RowProblem, 'place' | 'reason'>,
    line: number,
    endBytes: number,
    isLast: boolean,
    records: (FileRecord | BadRecord)[],
  ): void {
    const isLinked = this.#header?.names.includes('flags') ? null : false;
    const ends = isLast || this.#header === null;
    this.#hasEnded = ends;
    const nextLine = this.#line;
    const bad = { line, nextLine, endBytes, name: '', isLast: ends, isLinked };
    records.push({ isGood: false, ...bad, place: problem.place, reason: problem.reason });
  }
}
