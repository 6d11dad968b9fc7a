import { pathText } from './plain-json.ts';

/** Where two values begin to differ, and what each has there, shortened. */
export interface Difference {
  readonly path: string;
  readonly first: string;
  readonly second: string;
}

const maxShownChars = 80;
const contextBytes = 24;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Compares as a replica would be compared: bytes by content, order of fields included, for it
 * shows as soon as they are written down. Functions count as equal, whatever they do.
 *
 * @param root what the values are called
 */
export function firstDifference(first: unknown, second: unknown, root: string): Difference | null {
  const found = new Comparison().compare(first, second);
  if (found === null) return null;
  // The deepest key was found first.
  const { keys, first: ofFirst, second: ofSecond } = found;
  return { path: pathText(root, keys.reverse()), first: ofFirst, second: ofSecond };
}

interface Found {
  readonly keys: (string | number)[];
  readonly first: string;
  readonly second: string;
}

class Comparison {
  /** Objects that are being compared, or were, with what they were compared to. */
  readonly #seen: Map<object, object> = new Map();

  compare(first: unknown, second: unknown): Found | null {
    if (Object.is(first, second)) return null;
    if (typeof first === 'function' && typeof second === 'function') return null;
    if (!isObject(first) || !isObject(second)) return differ(shown(first), shown(second));
    if (this.#seen.get(first) === second) return null;
    this.#seen.set(first, second);
    if (Object.getPrototypeOf(first) !== Object.getPrototypeOf(second))
      return differ(shown(first), shown(second));
    if (first instanceof Uint8Array && second instanceof Uint8Array)
      return differenceOfBytes(first, second);
    if (first instanceof Map && second instanceof Map)
      return within('entries', this.#lists([...first], [...second]));
    if (first instanceof Set && second instanceof Set)
      return within('values', this.#lists([...first], [...second]));
    if (first instanceof Error && second instanceof Error && first.message !== second.message)
      return within('message', differ(shown(first.message), shown(second.message)));
    if (Array.isArray(first) && Array.isArray(second)) return this.#lists(first, second);
    return this.#written(first, second) ?? this.#fields(first, second);
  }

  #lists(first: readonly unknown[], second: readonly unknown[]): Found | null {
    const shared = Math.min(first.length, second.length);
    for (let at = 0; at < shared; at++) {
      const found = within(at, this.compare(first[at], second[at]));
      if (found !== null) return found;
    }
    if (first.length === second.length) return null;
    return within('length', differ(String(first.length), String(second.length)));
  }

  /** What is written by a `toJSON` of its own, as a Date is, has no fields to compare. */
  #written(first: object, second: object): Found | null {
    const { toJSON: write } = first as { readonly toJSON?: unknown };
    const { toJSON: writeSecond } = second as { readonly toJSON?: unknown };
    if (typeof write !== 'function' || typeof writeSecond !== 'function') return null;
    return this.compare(write.call(first), writeSecond.call(second));
  }

  #fields(first: object, second: object): Found | null {
    const keys = Object.keys(first);
    const keysOfSecond = Object.keys(second);
    for (const key of keys) {
      const found = within(
        key,
        Object.hasOwn(second, key)
          ? this.compare(field(first, key), field(second, key))
          : differ(shown(field(first, key)), 'nothing'),
      );
      if (found !== null) return found;
    }
    for (const key of keysOfSecond) {
      if (!Object.hasOwn(first, key))
        return within(key, differ('nothing', shown(field(second, key))));
    }
    if (keys.every((key, at) => key === keysOfSecond[at])) return null;
    return differ(
      `fields in the order ${keys.join()}`,
      `fields in the order ${keysOfSecond.join()}`,
    );
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function field(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

function differ(first: string, second: string): Found {
  return { keys: [], first: shortened(first), second: shortened(second) };
}

function within(key: string | number, found: Found | null): Found | null {
  found?.keys.push(key);
  return found;
}

function differenceOfBytes(first: Uint8Array, second: Uint8Array): Found | null {
  let at = 0;
  while (at < first.length && at < second.length && first[at] === second[at]) at++;
  if (at === first.length && at === second.length) return null;
  return within(at, differ(excerpt(first, at), excerpt(second, at)));
}

function excerpt(bytes: Uint8Array, at: number): string {
  const total = `of ${bytes.length} bytes`;
  if (at >= bytes.length) return `the end ${total}`;
  const text = decoder.decode(bytes.subarray(Math.max(0, at - 8), at + contextBytes));
  return `${bytes[at]} ${total}, in ${JSON.stringify(text)}`;
}

function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, maxShownChars));
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : shownObject(value);
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function shownObject(value: object): string {
  const made = value as { readonly constructor?: { readonly name?: unknown } };
  const name = made.constructor?.name;
  const kind = typeof name === 'string' ? name : 'object';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `${/^[AEIO]/i.test(kind) ? 'an' : 'a'} ${kind} {${Object.keys(value).slice(0, 8).join()}}`;
}

function shortened(text: string): string {
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}...` : text;
}
