/** An object of JSON whose values are text, numbers or lists of text, in its order. */
export interface FlatObject {
  readonly names: readonly string[];
  /** Numbers as they are written; a list with `|` between its parts; null is empty. */
  readonly texts: readonly string[];
  /** Where each value begins, and each name, counted in units of UTF-16 from 0. */
  readonly starts: readonly number[];
  readonly nameStarts: readonly number[];
  readonly problem: FlatProblem | null;
}

interface FlatProblem {
  /** As `starts`. */
  readonly start: number;
  /** Of the value; empty when it is the object. */
  readonly name: string;
  readonly reason: string;
}

const token =
  /[ \t\r\n]*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:])/y;
const blank = /[ \t\r\n]*/y;

/**
 * Reads one object. Not by JSON.parse, which would round large numbers and cannot say where a value
 * stands.
 */
export function parseFlatObject(text: string): FlatObject {
  const reader = new FlatReader(text);
  reader.read();
  return reader;
}

class FlatReader implements FlatObject {
  readonly names: string[] = [];
  readonly texts: string[] = [];
  readonly starts: number[] = [];
  readonly nameStarts: number[] = [];
  problem: FlatProblem | null = null;
  readonly #text: string;
  #at = 0;
  /** Of the token that was read last, from 0. */
  #start = 0;
  #name = '';

  constructor(text: string) {
    this.#text = text;
  }

  read(): void {
    if (this.#next() !== '{') return this.#fail('write an object: {"id": "1", ...}');
    let mark = this.#next();
    if (mark === '}') return this.#end();
    for (;;) {
      const name = mark === undefined ? undefined : stringOf(mark);
      if (name === undefined) return this.#fail('a name in quotes is missing here');
      if (this.names.includes(name)) return this.#fail(`${mark} stands here twice`);
      this.nameStarts.push(this.#start);
      if (this.#next() !== ':') return this.#fail('a colon is missing here');
      this.#name = name;
      const value = this.#value();
      if (value === undefined) return undefined;
      this.names.push(name);
      this.texts.push(value);
      this.#name = '';
      mark = this.#next();
      if (mark === '}') return this.#end();
      if (mark !== ',') return this.#fail('a comma or the closing brace is missing here');
      mark = this.#next();
    }
  }

  #value(): string | undefined {
    const mark = this.#next();
    this.starts.push(this.#start);
    if (mark === undefined) return this.#noValue('a value is missing here');
    if (mark === 'null') return '';
    if (/^[-\d]/.test(mark)) return mark;
    if (mark === '[') return this.#list();
    return stringOf(mark) ?? this.#noValue('write a number, text in quotes, or a list of texts');
  }

  #list(): string | undefined {
    const parts: string[] = [];
    let mark = this.#next();
    if (mark === ']') return '';
    for (;;) {
      const part = mark === undefined ? undefined : stringOf(mark);
      if (part === undefined) return this.#noValue('a list holds texts in quotes');
      parts.push(part);
      mark = this.#next();
      if (mark === ']') return parts.join('|');
      if (mark !== ',') return this.#noValue('a comma or the end of the list is missing here');
      mark = this.#next();
    }
  }

  #end(): void {
    blank.lastIndex = this.#at;
    blank.test(this.#text);
    this.#start = blank.lastIndex;
    if (this.#start < this.#text.length) this.#fail('there is more behind the object');
  }

  #next(): string | undefined {
    blank.lastIndex = this.#at;
    blank.test(this.#text);
    this.#start = blank.lastIndex;
    token.lastIndex = this.#at;
    const found = token.exec(this.#text)?.[1];
    if (found !== undefined) this.#at = token.lastIndex;
    return found;
  }

  #noValue(reason: string): undefined {
    this.#fail(reason);
  }

  #fail(reason: string): void {
    this.problem ??= { start: this.#start, name: this.#name, reason };
  }
}

function stringOf(mark: string): string | undefined {
  if (!mark.startsWith('"')) return undefined;
  try {
    return String(JSON.parse(mark));
  } catch {
    return undefined;
  }
}
