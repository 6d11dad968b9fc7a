/** A command of a transcript and what it is expected to show. */
export interface Step {
  /** 1-based, of the command. */
  readonly line: number;
  readonly command: string;
  readonly expected: readonly string[];
}

/** Text and steps in the order of the file. */
type Part = { readonly text: string } | { readonly step: Step };

const prompt = '> ';
const indent = '  ';

/**
 * Reads a transcript: lines that begin with `> ` are commands, indented lines below one are what it
 * shows, and everything else is prose for whoever reads it.
 */
export function parseTranscript(text: string): readonly Part[] {
  const parts: Part[] = [];
  let expected: string[] | null = null;
  text.split('\n').forEach((content, at) => {
    if (content.startsWith(prompt)) {
      expected = [];
      const command = content.slice(prompt.length).trim();
      parts.push({ step: { line: at + 1, command, expected } });
    } else if (expected !== null && content.startsWith(indent)) {
      expected.push(content.slice(indent.length));
    } else {
      expected = null;
      parts.push({ text: content });
    }
  });
  return parts;
}

export function renderTranscript(
  parts: readonly Part[],
  shown: ReadonlyMap<Step, readonly string[]>,
): string {
  const lines: string[] = [];
  for (const part of parts) {
    if ('text' in part) lines.push(part.text);
    else {
      lines.push(`${prompt}${part.step.command}`);
      for (const line of shown.get(part.step) ?? []) lines.push(`${indent}${line}`);
    }
  }
  return lines.join('\n');
}

/** What differs, with the place where it stands, or null. */
export function differenceAt(path: string, step: Step, shown: readonly string[]): string | null {
  const at = shown.findIndex((line, i) => line !== step.expected[i]);
  const first = at === -1 ? shown.length : at;
  if (first === shown.length && step.expected.length === shown.length) return null;
  const lines = [`${path}:${step.line + 1 + first}: '${step.command}' shows something else`];
  for (const line of step.expected.slice(0, first)) lines.push(`    ${line}`);
  for (const line of step.expected.slice(first)) lines.push(`  - ${line}`);
  for (const line of shown.slice(first)) lines.push(`  + ${line}`);
  lines.push('Right as it is? UPDATE=1 writes it down; read the difference before you commit it.');
  return lines.join('\n');
}
