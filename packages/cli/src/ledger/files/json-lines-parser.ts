import { parseFlatObject } from './flat-object.ts';
import {
  type BadRecord,
  columnBehind,
  type FileRecord,
  maxRecordBytes,
  type Place,
  type RecordParser,
  type StartPlace,
} from './record.ts';

const newline = 10;
const none = Buffer.alloc(0);

/** Reads an object of JSON on each line. Empty lines are passed over. */
export class JsonLinesParser implements RecordParser {
  readonly header = null;
  #rest: Buffer = none;
  #bytes: number;
  #line: number;
  #hasEnded = false;

  constructor(start: StartPlace) {
    this.#bytes = start.bytes;
    this.#line = start.line;
  }

  feed(bytes: Buffer, isEnd: boolean): readonly (FileRecord | BadRecord)[] {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const records: (FileRecord | BadRecord)[] = [];
    let at = 0;
    while (!this.#hasEnded && at < buffer.length) {
      const found = buffer.indexOf(newline, at);
      if (found < 0 && !isEnd) break;
      const end = found < 0 ? buffer.length : found;
      const next = found < 0 ? end : end + 1;
      const text = buffer.toString('utf8', at, end);
      if (text.trim() !== '') records.push(this.#record(text, this.#bytes + next));
      this.#line += 1;
      at = next;
    }
    this.#rest = this.#hasEnded ? none : buffer.subarray(at);
    this.#bytes += at;
    if (this.#rest.length > maxRecordBytes) {
      this.#hasEnded = true;
      const reason = `no line end within ${maxRecordBytes} bytes`;
      records.push(this.#bad(1, '', reason, this.#bytes, true));
      this.#rest = none;
    }
    return records;
  }

  #record(text: string, endBytes: number): FileRecord | BadRecord {
    const line = this.#line;
    const { names, texts, starts, nameStarts, problem } = parseFlatObject(text);
    const columnAt = (start = 0): number => columnBehind(text.slice(0, start));
    if (problem !== null) {
      const { start, name, reason } = problem;
      return this.#bad(columnAt(start), name, reason, endBytes, false);
    }
    const place = (index: number): Place => ({ line, column: columnAt(starts[index]) });
    const namePlace = (index: number): Place => ({ line, column: columnAt(nameStarts[index]) });
    return { isGood: true, line, nextLine: line + 1, endBytes, names, texts, place, namePlace };
  }

  #bad(column: number, name: string, reason: string, endBytes: number, isLast: boolean): BadRecord {
    const line = this.#line;
    const at = { line, nextLine: line + 1, endBytes, place: { line, column } };
    return { isGood: false, ...at, name, reason, isLast, isLinked: null };
  }
}
