/** One directive of a case file, and what it must print. */
export interface Directive {
  /** 1-based. */
  readonly line: number;
  readonly command: string;
  /** In order; a word alone has no values. */
  readonly args: readonly Argument[];
  readonly input: readonly string[];
  readonly expected: readonly string[];
}

export interface Argument {
  readonly key: string;
  readonly values: readonly string[];
}

/** A directive that does not follow the grammar. */
export interface Malformed {
  readonly line: number;
  readonly problem: string;
}

const separator = '----';

/**
 * Splits a case file into its directives:
 *
 * - blank lines and lines that begin with `#` are skipped;
 * - a directive is `command word key=value key=(a, b)`; a trailing `\` continues it on the next
 *   line;
 * - its input is what follows up to `----`;
 * - its expected output is what follows that up to the first blank line or, when it begins with a
 *   second `----`, up to two of them in a row.
 */
export function parseCases(text: string): (Directive | Malformed)[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  const found: (Directive | Malformed)[] = [];
  let at = 0;
  while (at < lines.length) {
    const first = (lines[at] as string).trim();
    if (isSkipped(first)) {
      at++;
      continue;
    }
    const start = at;
    let head = first;
    while (head.endsWith('\\')) {
      at++;
      head = `${head.slice(0, -1).trimEnd()} ${(lines[at] ?? '').trim()}`.trimEnd();
    }
    const words = parseWords(head);
    const body = parseBody(lines, at + 1);
    at = body.next;
    const problem = typeof words === 'string' ? words : body.problem;
    if (problem !== null || typeof words === 'string') {
      found.push({ line: start + 1, problem: problem ?? 'malformed' });
      continue;
    }
    const [command, ...args] = words;
    if (command === undefined || command.values.length > 0) {
      found.push({ line: start + 1, problem: `${quoted(head)} does not begin with a command` });
      continue;
    }
    const { input, expected } = body;
    found.push({ line: start + 1, command: command.key, args, input, expected });
  }
  return found;
}

function isSkipped(line: string): boolean {
  return line === '' || line.startsWith('#');
}

interface Body {
  readonly input: string[];
  readonly expected: string[];
  readonly next: number;
  readonly problem: string | null;
}

function parseBody(lines: readonly string[], from: number): Body {
  const input: string[] = [];
  let at = from;
  for (; at < lines.length && (lines[at] as string).trim() !== separator; at++) {
    const line = (lines[at] as string).trim();
    if (!isSkipped(line)) input.push(line);
  }
  if (at >= lines.length) {
    return { input, expected: [], next: at, problem: `the file ends before '${separator}'` };
  }
  at++;
  const isSeparator = (index: number): boolean => lines[index]?.trim() === separator;
  const expected: string[] = [];
  if (!isSeparator(at)) {
    for (; at < lines.length && (lines[at] as string).trim() !== ''; at++) {
      expected.push((lines[at] as string).trimEnd());
    }
    return { input, expected, next: at, problem: null };
  }
  at++;
  for (; at < lines.length; at++) {
    if (isSeparator(at) && isSeparator(at + 1)) {
      return { input, expected, next: at + 2, problem: null };
    }
    expected.push((lines[at] as string).trimEnd());
  }
  const problem = `the file ends before a doubled '${separator}'`;
  return { input, expected, next: at, problem };
}

/** @returns the words of a directive, or what is wrong with it */
function parseWords(head: string): Argument[] | string {
  const words: Argument[] = [];
  let rest = head.trimStart();
  while (rest !== '') {
    const match = /^([^\s=()]+)(?:\s*=\s*(?:\(([^()]*)\)|([^\s()]*)))?(?=\s|$)/.exec(rest);
    if (match === null) return `cannot read ${quoted(rest)}`;
    const [whole, key = '', list, single] = match;
    const values = list === undefined ? [single ?? ''] : list.split(',');
    words.push({
      key,
      values: values.map((value) => value.trim()).filter((value) => value !== ''),
    });
    rest = rest.slice(whole.length).trimStart();
  }
  return words;
}

/** Of a file of any kind, as a terminal can show it. */
export function quoted(text: string): string {
  const shown = text.slice(0, 60).replaceAll(/\p{Cc}/gu, '\ufffd');
  return `'${shown}${text.length > 60 ? '...' : ''}'`;
}
