/** What follows one `@word` of a docstring. */
export interface DocTag {
  /** The word without its `@`. */
  readonly name: string;
  /** Lines behind the first stand without the indentation that they share. */
  readonly text: string;
}

export interface Docstring {
  /** Markdown: what stands before the first tag; empty when nothing does. */
  readonly description: string;
  readonly tags: readonly DocTag[];
}

const TAG = /^@([a-zA-Z]+)(?:\s+(.*))?$/;
const FENCE = /^\s*(```|~~~)/;

/**
 * Takes a docstring apart. A tag begins with its line and ends where the next one begins; what
 * stands between fences is code, and has no tags.
 *
 * @param comment what stands between the opening `/*` and the closing one, stars included
 */
export function readDocstring(comment: string): Docstring {
  const description: string[] = [];
  const tags: { name: string; lines: string[] }[] = [];
  let isCode = false;
  for (const line of linesOf(comment)) {
    if (FENCE.test(line)) isCode = !isCode;
    const [, name, rest = ''] = isCode ? [] : (TAG.exec(line.trim()) ?? []);
    if (name !== undefined) tags.push({ name, lines: [rest] });
    else (tags.at(-1)?.lines ?? description).push(line);
  }
  return {
    description: description.join('\n').trim(),
    tags: tags.map(({ name, lines }) => ({ name, text: withoutSharedIndent(lines) })),
  };
}

/** The lines without the stars that stand before them. */
function linesOf(comment: string): string[] {
  const lines = comment.replace(/^\*/, '').split('\n');
  return lines.map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
}

function withoutSharedIndent([first = '', ...others]: readonly string[]): string {
  const indents = others
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return [first, ...others.map((line) => line.slice(shared))].join('\n').trim();
}
