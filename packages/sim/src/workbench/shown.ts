import { toHex } from '@quorate/base';

const maxShownChars = 120;
const maxShownBytes = 24;

/** As a line of a failure report has it. */
export function shownText(text: string): string {
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}...` : text;
}

export function shownBytes(bytes: Uint8Array): string {
  const hex = toHex(bytes.subarray(0, maxShownBytes));
  return `${bytes.length} bytes ${hex}${bytes.length > maxShownBytes ? '...' : ''}`;
}

export function shown(value: unknown): string {
  return shownText(textOf(value));
}

/**
 * A text that two values share only when they are the same data: JSON, with fields in order of
 * their names and those that are undefined left out, and beyond JSON what a full state machine may
 * answer. What has fields and is of a class is taken by its fields.
 */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : textOfObject(value);
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function textOfObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (value instanceof Uint8Array) return `bytes(${toHex(value)})`;
  if (value instanceof Map) return `Map(${textOf([...value])})`;
  if (value instanceof Set) return `Set(${textOf([...value])})`;
  const fields = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields).sort();
  const parts = names.flatMap((name) =>
    fields[name] === undefined ? [] : [`${JSON.stringify(name)}:${textOf(fields[name])}`],
  );
  return `{${parts.join(',')}}`;
}
