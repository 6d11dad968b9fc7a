import { columnBehind, type Place } from './record.ts';

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const comma = 44;

/** Why a row is none. */
export interface RowProblem {
  readonly place: Place;
  readonly reason: string;
  /** The rest of the file is within a quote. */
  readonly isLast: boolean;
}

/** A row of CSV in which a quote was found. */
export class QuotedRow {
  readonly #buffer: Buffer;
  readonly #texts: string[] = [];
  readonly #starts: { readonly at: number; readonly line: number; readonly lineAt: number }[] = [];
  #at: number;
  #line: number;
  /** Of the first byte of the line that is looked at. */
  #lineAt: number;
  #problem: RowProblem | null = null;

  constructor(buffer: Buffer, at: number, line: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#line = line;
    this.#lineAt = at;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  get problem(): RowProblem | null {
    return this.#problem;
  }

  /** Behind the row. */
  get nextLine(): number {
    return this.#line;
  }

  /** Where field `index` begins. */
  place(index: number): Place {
    const start = this.#starts[index];
    if (start === undefined) return { line: this.#line, column: 1 };
    const { at, line, lineAt } = start;
    return { line, column: columnBehind(this.#buffer.toString('utf8', lineAt, at)) };
  }

  /** @returns where the row behind it begins; null: the row goes on behind the buffer */
  read(isEnd: boolean): number | null {
    const buffer = this.#buffer;
    for (;;) {
      this.#starts.push({ at: this.#at, line: this.#line, lineAt: this.#lineAt });
      const isRead = buffer[this.#at] === quote ? this.#quoted(isEnd) : this.#plain(isEnd);
      if (!isRead) return null;
      if (this.#problem !== null) return this.#skipLine();
      const next = buffer[this.#at];
      this.#at += 1;
      if (next === comma) continue;
      if (next === carriageReturn && buffer[this.#at] === newline) this.#at += 1;
      this.#line += 1;
      return Math.min(this.#at, buffer.length);
    }
  }

  /** Leaves `#at` on the comma or line end behind the field; false: that is not there yet. */
  #quoted(isEnd: boolean): boolean {
    const buffer = this.#buffer;
    let from = this.#at + 1;
    let close = buffer.indexOf(quote, from);
    while (close >= 0 && buffer[close + 1] === quote) close = buffer.indexOf(quote, close + 2);
    if (close < 0 || (!isEnd && close + 2 >= buffer.length)) {
      if (!isEnd) return false;
      this.#fail('the quote that opens here is never closed', true);
      this.#at = buffer.length;
      return true;
    }
    const text = buffer.toString('utf8', from, close).replaceAll('""', '"');
    for (from = buffer.indexOf(newline, from); from >= 0 && from < close; ) {
      this.#line += 1;
      this.#lineAt = from + 1;
      from = buffer.indexOf(newline, from + 1);
    }
    this.#texts.push(text);
    const start = this.#at;
    this.#at = close + 1;
    if (!this.#isFieldEnd(this.#at)) {
      this.#at = start;
      this.#fail('text behind the closing quote; a quote within a field is written twice', false);
      this.#at = close + 1;
    }
    return true;
  }

  #plain(isEnd: boolean): boolean {
    const buffer = this.#buffer;
    let end = this.#at;
    while (end < buffer.length && !this.#isFieldEnd(end)) {
      if (buffer[end] === quote) {
        this.#fail('a quote in a field that does not begin with one', false);
        this.#at = end;
        return true;
      }
      end += 1;
    }
    if (end === buffer.length && !isEnd) return false;
    this.#texts.push(buffer.toString('utf8', this.#at, end));
    this.#at = end;
    return true;
  }

  #isFieldEnd(at: number): boolean {
    const byte = this.#buffer[at];
    if (byte === carriageReturn) {
      return at + 1 >= this.#buffer.length || this.#buffer[at + 1] === newline;
    }
    return byte === undefined || byte === comma || byte === newline;
  }

  #fail(reason: string, isLast: boolean): void {
    this.#problem ??= { place: this.place(this.#starts.length - 1), reason, isLast };
  }

  /** Behind the line that holds the problem. */
  #skipLine(): number {
    const found = this.#buffer.indexOf(newline, this.#at);
    this.#line += 1;
    return found < 0 ? this.#buffer.length : found + 1;
  }
}
