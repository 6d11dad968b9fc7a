/** Where something stands in a file; both from 1, the column in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One account or transfer of a file, as text. */
export interface FileRecord {
  readonly isGood: true;
  /** The line on which it begins. */
  readonly line: number;
  /** The line behind it, and how many bytes of the file lie before that. */
  readonly nextLine: number;
  readonly endBytes: number;
  /** Of `texts`, each at its index. */
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** Where the text of that index stands. */
  place(index: number): Place;
  /** Where its name stands. */
  namePlace(index: number): Place;
}

/** What cannot be read as a record. */
export interface BadRecord {
  readonly isGood: false;
  readonly line: number;
  readonly nextLine: number;
  readonly endBytes: number;
  readonly place: Place;
  /** Of the value; empty: the whole record. */
  readonly name: string;
  readonly reason: string;
  /** Nothing behind it can be read, so it cannot be left out either. */
  readonly isLast: boolean;
  /** Whether the next one stands or falls with it; null: that cannot be told. */
  readonly isLinked: boolean | null;
}

/** The first row of CSV: what it names, and where. */
export interface Header {
  readonly names: readonly string[];
  readonly places: readonly Place[];
}

/** Where reading begins. */
export interface StartPlace {
  readonly bytes: number;
  readonly line: number;
}

/** Turns the bytes of a file into records; bytes are given in any portions. */
export interface RecordParser {
  /** null: it was not read yet, or there is none. */
  readonly header: Header | null;
  /** @param isEnd these are the last bytes */
  feed(bytes: Buffer, isEnd: boolean): readonly (FileRecord | BadRecord)[];
}

/** A record longer than this is taken for a quote that is never closed, or for no such file. */
export const maxRecordBytes = 1 << 20;

/** @returns the column behind a text with which a line begins */
export function columnBehind(text: string): number {
  return Array.from(text).length + 1;
}

/** @returns where the problem is, in the words of messages */
export function placeText({ place, name }: Pick<BadRecord, 'place' | 'name'>): string {
  const where = `line ${place.line}, column ${place.column}`;
  return name === '' ? where : `${where} (${name})`;
}
