import { ByteReader, type ByteWriter } from '@quorate/base';
import { decodeConfiguration } from './configuration-codec.ts';
import { emptyBytes, writeBytes, writeNumber } from './field.ts';
import { asSchemaError, malformed } from './schema-error.ts';
import { type Entry, EntryKind } from './types.ts';

/** An entry's bytes without its data are at most this many. */
export const entryOverheadBytes = 40;

/** Appends the fields of an `Entry` message. */
export function encodeEntry(writer: ByteWriter, entry: Entry): void {
  writeNumber(writer, 1, entry.index);
  writeNumber(writer, 2, entry.term);
  writeNumber(writer, 3, entry.kind);
  writeNumber(writer, 4, entry.timestampMicros);
  writeBytes(writer, 5, entry.data);
}

/** Reads to the reader's end. `data` is a view of the reader's buffer. */
export function readEntry(reader: ByteReader): Entry {
  let index = 0;
  let term = 0;
  let kind = 0;
  let timestampMicros = 0;
  let data = emptyBytes;
  while (!reader.atEnd) {
    const tag = reader.tag();
    if (tag === 8) index = reader.varint();
    else if (tag === 16) term = reader.varint();
    else if (tag === 24) kind = reader.varint();
    else if (tag === 32) timestampMicros = reader.varint();
    else if (tag === 42) data = reader.bytes();
    else reader.skip(tag & 7);
  }
  if (index === 0) throw malformed('Entry', 'index is missing or 0');
  if (kind > EntryKind.withheld) {
    throw malformed('Entry', `kind ${kind} of entry ${index} is not known here`);
  }
  // Whoever appends it will read it; better that it is refused here than found there.
  if (kind === EntryKind.configuration) decodeConfiguration(data);
  return { index, term, kind: kind as EntryKind, timestampMicros, data };
}

/**
 * @param bytes must be the caller's for good and never change: the entry's data is a view of it
 * @throws SchemaError SCHEMA_MALFORMED
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  try {
    return readEntry(new ByteReader(bytes));
  } catch (error) {
    throw asSchemaError(error, 'Entry');
  }
}
