import { DynamicTable } from './dynamic-table.ts';
import { type HeaderField, headerField } from './header-field.ts';
import { decodeHuffman } from './huffman.ts';

/** Is told each field of a block, in order. */
export interface FieldSink {
  field(field: HeaderField): void;
}

/** Integers on the wire end below this. None that means something comes near. */
const maxInteger = 2 ** 28;
const malformed = -1;

/**
 * Decodes the header blocks of one connection (RFC 7541), each whole. One that is malformed leaves
 * the table in no known state, so the connection has to end.
 */
export class HpackDecoder {
  readonly #table: DynamicTable;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(tableBytes: number) {
    this.#table = new DynamicTable(tableBytes);
  }

  /**
   * @param sink has heard of the fields before the fault when there is one
   * @returns false when the block is malformed
   */
  decode(block: Buffer, sink: FieldSink): boolean {
    this.#block = block;
    this.#at = 0;
    let mayResize = true;
    while (this.#at < block.length) {
      const first = block[this.#at] as number;
      if ((first & 0x80) !== 0) {
        const field = this.#table.get(this.#integer(0x7f));
        if (field === undefined) return false;
        sink.field(field);
      } else if ((first & 0xe0) === 0x20) {
        // Only a block may begin with changes of size: one to the least, one to the final (4.2).
        const size = this.#integer(0x1f);
        if (!mayResize || size === malformed || !this.#table.resize(size)) return false;
        continue;
      } else {
        const isKept = (first & 0x40) !== 0;
        const field = this.#literal(isKept ? 0x3f : 0x0f);
        if (field === null) return false;
        if (isKept) this.#table.add(field);
        sink.field(field);
      }
      mayResize = false;
    }
    return true;
  }

  #literal(prefixMask: number): HeaderField | null {
    const index = this.#integer(prefixMask);
    if (index === malformed) return null;
    const name = index === 0 ? this.#string() : this.#table.get(index)?.name;
    if (name === null || name === undefined) return null;
    const value = this.#string();
    return value === null ? null : headerField(name, value);
  }

  #string(): string | null {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const from = this.#at;
    const to = from + length;
    if (length === malformed || to > this.#block.length) return null;
    this.#at = to;
    return isHuffman
      ? decodeHuffman(this.#block, from, to)
      : this.#block.toString('latin1', from, to);
  }

  /** RFC 7541, 5.1. */
  #integer(prefixMask: number): number {
    const first = this.#block[this.#at++];
    if (first === undefined) return malformed;
    let value = first & prefixMask;
    if (value < prefixMask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.#block[this.#at++];
      if (byte === undefined) return malformed;
      value += (byte & 0x7f) * 2 ** shift;
      if (value >= maxInteger) return malformed;
      if ((byte & 0x80) === 0) return value;
    }
    return malformed;
  }
}
