type Value = string | number | boolean | null;

/** Bare unless it is empty or holds a space, a quote, `=`, a backslash or anything unprintable. */
const bare = /^[^\s"=\\\p{C}]+$/u;
const notForKeys = /[\s"=\\\p{C}]/gu;
const unprintable = /[\p{C}\u2028\u2029]/gu;

function quote(text: string): string {
  // JSON's escapes cover quotes, backslashes and control characters, so one line stays one line.
  const escaped = JSON.stringify(text);
  return escaped.replace(unprintable, (character) => {
    return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
  });
}

function formatValue(value: Value): string {
  if (value === null) return 'null';
  if (typeof value !== 'string') return String(value);
  return bare.test(value) ? value : quote(value);
}

/** One line of `key=value` pairs in the order of the record, without the line's end. */
export function formatLogfmt(record: Readonly<Record<string, Value>>): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(record)) {
    pairs.push(`${key.replace(notForKeys, '_')}=${formatValue(value)}`);
  }
  return pairs.join(' ');
}
