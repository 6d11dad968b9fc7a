import { fromBase64 } from '@quorate/base';
import { ElectionError } from '../election-error.ts';

const shownCharacters = 40;

/** A value inside text that came from outside, and its path there, for errors. */
export class JsonField {
  readonly #what: string;
  readonly #path: string;
  readonly #value: unknown;

  private constructor(what: string, path: string, value: unknown) {
    this.#what = what;
    this.#path = path;
    this.#value = value;
  }

  /**
   * @param what names the format, for errors
   * @throws ElectionError CLAIM_IMPORT_REFUSED, as all methods do
   */
  static parse(what: string, text: string, maxCharacters: number): JsonField {
    if (text.length > maxCharacters) {
      refuse(what, '', `has more than ${maxCharacters} characters`);
    }
    try {
      return new JsonField(what, '', JSON.parse(text));
    } catch (error) {
      return refuse(what, '', `is no JSON: ${String(error)}`);
    }
  }

  refuse(reason: string): never {
    return refuse(this.#what, this.#path, reason);
  }

  member(name: string): JsonField {
    return this.optional(name) ?? this.#at(name, undefined).refuse('is missing');
  }

  /** @returns null when it is not there, or is null */
  optional(name: string): JsonField | null {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.refuse(`is ${shown(value)}, no object`);
    }
    const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    return found === undefined || found === null ? null : this.#at(name, found);
  }

  *items(): Iterable<JsonField> {
    const value = this.#value;
    if (!Array.isArray(value)) this.refuse(`is ${shown(value)}, no list`);
    for (const [at, item] of (value as unknown[]).entries()) {
      yield new JsonField(this.#what, `${this.#path}[${at}]`, item);
    }
  }

  text(): string {
    const value = this.#value;
    return typeof value === 'string' ? value : this.refuse(`is ${shown(value)}, no string`);
  }

  /** A string of decimal digits. */
  decimal(most: bigint): bigint {
    const text = this.text();
    const isDecimal = /^(0|[1-9][0-9]{0,19})$/.test(text);
    if (isDecimal && BigInt(text) <= most) return BigInt(text);
    return this.refuse(`is ${shown(text)}, no decimal number from 0 to ${most}`);
  }

  wholeNumber(most: number): number {
    const value = this.#value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) {
      return value;
    }
    return this.refuse(`is ${shown(value)}, no whole number from 0 to ${most}`);
  }

  /** `0x` and two digits for each of `count` bytes. */
  prefixedHex(count: number): Uint8Array {
    const text = this.text();
    const bytes = text.startsWith('0x') ? bytesOfHex(text.slice(2)) : null;
    if (bytes !== null && bytes.length === count) return bytes;
    return this.refuse(`is ${shown(text)}, not 0x and ${2 * count} hexadecimal digits`);
  }

  hex(maxBytes: number): Uint8Array {
    const text = this.text();
    const bytes = text.length <= 2 * maxBytes ? bytesOfHex(text) : null;
    if (bytes !== null) return bytes;
    return this.refuse(`is ${shown(text)}, not hexadecimal of at most ${maxBytes} bytes`);
  }

  base64(maxBytes: number): Uint8Array {
    const text = this.text();
    const bytes = text.length <= 2 * maxBytes ? fromBase64(text) : 0;
    if (typeof bytes !== 'number' && bytes.length <= maxBytes) return bytes;
    return this.refuse(`is ${shown(text)}, not base64 of at most ${maxBytes} bytes`);
  }

  #at(name: string, value: unknown): JsonField {
    const path = this.#path === '' ? name : `${this.#path}.${name}`;
    return new JsonField(this.#what, path, value);
  }
}

function bytesOfHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (const at of bytes.keys()) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}...`;
}

function refuse(what: string, path: string, reason: string): never {
  const where = path === '' ? what : `${path} of ${what}`;
  const message = `${where} ${reason}; nothing was imported, correct it and import it again`;
  throw new ElectionError('CLAIM_IMPORT_REFUSED', message, { field: path, reason });
}
