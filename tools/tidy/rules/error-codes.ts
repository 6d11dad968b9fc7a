import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { closing, is, type Token } from '../tokens.ts';
import type { Tree } from '../tree.ts';
import { isShipped } from '../workspace-package.ts';

const PATH = 'docs/reference/errors.md';
const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;
const ROW = /^\|\s*`([A-Z][A-Z0-9_]*)`\s*\|\s*([^|]*?)\s*\|(.*)\|\s*$/;

interface Declared {
  readonly code: string;
  readonly folder: string;
  readonly path: string;
  readonly line: number;
}

interface Row {
  readonly folder: string;
  readonly rest: string;
  readonly line: number;
}

/** Every error code has a row in the reference, and every row a code. */
export const errorCodesRule: Rule = {
  name: 'error-codes',
  *check(tree) {
    const declared = new Map([...findCodes(tree)].map((code) => [code.code, code]));
    const page = tree.files.get(PATH);
    const rows = new Map<string, Row>();
    for (const [at, text] of (page?.text ?? '').split('\n').entries()) {
      const [, code, folder, rest] = ROW.exec(text) ?? [];
      if (code === undefined) continue;
      const line = at + 1;
      if (rows.has(code)) yield report(PATH, line, `${code} has two rows; keep one`);
      rows.set(code, { folder: folder ?? '', rest: rest ?? '', line });
    }
    yield* checkClasses(tree);
    for (const { code, folder, path, line } of declared.values()) {
      if (rows.has(code)) continue;
      const row = `| \`${code}\` | ${folder} | when | what to do |`;
      yield report(path, line, `${code} has no row in ${PATH}; add '${row}'`);
    }
    for (const [code, row] of rows) yield* checkRow(code, row, declared.get(code));
  },
};

function* checkRow(code: string, row: Row, declared: Declared | undefined): Iterable<Problem> {
  if (declared === undefined) {
    yield report(PATH, row.line, `no package declares ${code}; take the row out`);
  } else if (declared.folder !== row.folder) {
    yield report(PATH, row.line, `${code} belongs to ${declared.folder}; correct the row`);
  } else if (row.rest.split('|').length !== 2 || /\|\s*\|/.test(`|${row.rest}|`)) {
    yield report(PATH, row.line, `${code} needs both 'when' and 'what to do'; fill the row`);
  }
}

/** A class of errors whose codes `findCodes` would not see. */
function* checkClasses(tree: Tree): Iterable<Problem> {
  for (const file of tree.packages.flatMap((pkg) => pkg.files)) {
    if (!file.isCode) continue;
    const { code } = file.tokens;
    for (const [at, token] of code.entries()) {
      if (!is(token, 'extends') || !is(code[at + 1], 'CodedError') || !is(code[at + 2], '<'))
        continue;
      const name = code[at + 3]?.text ?? '';
      if (name.endsWith('ErrorMetadata')) continue;
      yield report(file.path, token.line, `${name} declares codes; name it ...ErrorMetadata`);
    }
  }
}

function* findCodes(tree: Tree): Iterable<Declared> {
  for (const pkg of tree.packages) {
    for (const file of pkg.files.filter((candidate) => isShipped(pkg, candidate))) {
      for (const { text: code, line } of metadataKeys(file)) {
        yield { code, folder: pkg.folder, path: file.path, line };
      }
    }
  }
}

/** The keys of every interface or type whose name ends in `ErrorMetadata`. */
function* metadataKeys(file: SourceFile): Iterable<Token> {
  const { code } = file.tokens;
  for (let at = 1; at < code.length; at++) {
    if (!is(code[at - 1], 'interface', 'type') || !code[at]?.text.endsWith('ErrorMetadata'))
      continue;
    const open = code.findIndex((token, i) => i > at && is(token, '{', ';'));
    if (open < 0 || !is(code[open], '{')) continue;
    const end = closing(code, open);
    for (let i = open + 1; i < end; i++) {
      if (is(code[i], '{', '(', '[')) i = closing(code, i);
      else if (is(code[i + 1], ':') && CODE.test(code[i]?.text ?? '')) yield code[i] as Token;
    }
  }
}

function report(path: string, line: number, message: string): Problem {
  return { path, line, rule: 'error-codes', message };
}
