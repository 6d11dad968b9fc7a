import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { is } from '../tokens.ts';

/** Looked for in comments only, so that this file may name them. */
const MARKERS = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)\b/;
const SCRIPT = /\.(sh|bash|ya?ml)$|^\.ci\/run$/;
const RUNNERS = ['test', 'it', 'describe', 'suite', 't', 'context'];
const SWITCHES = ['skip', 'only', 'todo'];

/** Nothing is left half done: no notes to oneself, no tests switched off, no types given up. */
export const leftoversRule: Rule = {
  name: 'leftovers',
  *check(tree) {
    for (const file of tree.files.values()) {
      if (file.isGenerated || file.isTestdata) continue;
      if (file.isCode) {
        yield* checkComments(file);
        yield* checkCasts(file);
        if (file.isTest) yield* checkSwitches(file);
      } else if (SCRIPT.test(file.path)) {
        yield* checkScript(file);
      }
    }
  },
};

function* checkComments(file: SourceFile): Iterable<Problem> {
  for (const { text, line } of file.tokens.comments) {
    for (const [at, part] of text.split('\n').entries()) {
      const marker = MARKERS.exec(part)?.[0];
      if (marker !== undefined) yield report(file, line + at, marker);
    }
  }
}

function* checkScript(file: SourceFile): Iterable<Problem> {
  for (const [at, line] of file.text.split('\n').entries()) {
    const marker = MARKERS.exec(/(^|\s)#.*/.exec(line)?.[0] ?? '')?.[0];
    if (marker !== undefined) yield report(file, at + 1, marker);
  }
}

function* checkCasts(file: SourceFile): Iterable<Problem> {
  const { code } = file.tokens;
  for (const [at, token] of code.entries()) {
    if (is(token, 'as') && is(code[at + 1], 'any')) yield report(file, token.line, 'as any');
  }
}

/** `test.skip(...)`, `t.skip()`, and the option `{ skip: ... }`. */
function* checkSwitches(file: SourceFile): Iterable<Problem> {
  const { code } = file.tokens;
  for (const [at, token] of code.entries()) {
    if (!is(token, ...SWITCHES)) continue;
    const called = is(code[at - 1], '.') && is(code[at - 2], ...RUNNERS) && is(code[at + 1], '(');
    const option = is(code[at - 1], '{', ',') && is(code[at + 1], ':') && isTestOption(file, at);
    if (called || option) yield report(file, token.line, token.text);
  }
}

/** Whether the braces around `at` are handed to a runner: `test('name', { ...`. */
function isTestOption(file: SourceFile, at: number): boolean {
  const { code } = file.tokens;
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (is(code[i], ')', ']', '}')) depth += 1;
    else if (is(code[i], '(', '[', '{', '${')) depth -= 1;
    if (depth === -2) return is(code[i], '(') && is(code[i - 1], ...RUNNERS);
  }
  return false;
}

function report(file: SourceFile, line: number, what: string): Problem {
  const message = `'${what}' is left over; finish the work, or open an issue and take it out`;
  return { path: file.path, line, rule: 'leftovers', message };
}
