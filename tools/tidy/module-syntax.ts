import { closing, is, isMember, type Token } from './tokens.ts';

export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
}

export interface ExportSite {
  /** The name others see; `*` for an `export *`. */
  readonly name: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface ModuleSyntax {
  readonly imports: readonly ImportSite[];
  readonly exports: readonly ExportSite[];
}

const DECLARATIONS = new Set(['const', 'let', 'var', 'function', 'class', 'interface', 'type']);
const MODIFIERS = new Set(['abstract', 'async', 'declare']);

/** Finds every import (static, dynamic, in a type, re-export) and every exported name. */
export function readModule(code: readonly Token[]): ModuleSyntax {
  const imports: ImportSite[] = [];
  const exports: ExportSite[] = [];
  for (let at = 0; at < code.length; at++) {
    const token = code[at] as Token;
    if (token.kind !== 'identifier' || isMember(code, at) || is(code[at + 1], ':')) continue;
    if (token.text === 'import') readImport(code, at, imports);
    else if (token.text === 'export') readExport(code, at, imports, exports);
  }
  return { imports, exports };
}

function readImport(code: readonly Token[], at: number, imports: ImportSite[]): void {
  const { line } = code[at] as Token;
  const next = code[at + 1];
  const bare = is(next, '(') ? code[at + 2] : next;
  if (bare?.kind === 'string') {
    imports.push({ specifier: bare.text, line });
  } else if (!is(next, '(', '.')) {
    readFrom(code, at + 1, line, imports);
  }
}

/** Takes the specifier behind the next `from` of this statement. */
function readFrom(
  code: readonly Token[],
  start: number,
  line: number,
  imports: ImportSite[],
): void {
  for (let at = start; at < code.length && !is(code[at], ';', '='); at++) {
    const specifier = code[at + 1];
    if (is(code[at], 'from') && specifier?.kind === 'string') {
      imports.push({ specifier: specifier.text, line });
      return;
    }
  }
}

function readExport(
  code: readonly Token[],
  start: number,
  imports: ImportSite[],
  exports: ExportSite[],
): void {
  const { line } = code[start] as Token;
  let at = start + 1;
  const typeOnly = is(code[at], 'type') && is(code[at + 1], '{', '*');
  if (typeOnly) at += 1;
  if (is(code[at], '*')) {
    exports.push({ name: '*', typeOnly, line });
    readFrom(code, at, line, imports);
  } else if (is(code[at], '{')) {
    const end = closing(code, at);
    readNames(code.slice(at + 1, end), typeOnly, exports);
    if (is(code[end + 1], 'from')) readFrom(code, end + 1, line, imports);
  } else if (is(code[at], 'default', '=')) {
    exports.push({ name: 'default', typeOnly: false, line });
  } else {
    readDeclaration(code, at, line, exports);
  }
}

/** Reads `a, type B, c as d`. */
function readNames(names: readonly Token[], typeOnly: boolean, exports: ExportSite[]): void {
  let first = 0;
  for (let at = 0; at <= names.length; at++) {
    if (at < names.length && !is(names[at], ',')) continue;
    const last = names[at - 1];
    if (at > first && last !== undefined) {
      const marked = is(names[first], 'type') && at - first > 1 && !is(names[first + 1], 'as');
      exports.push({ name: last.text, typeOnly: typeOnly || marked, line: last.line });
    }
    first = at + 1;
  }
}

function readDeclaration(
  code: readonly Token[],
  start: number,
  line: number,
  exports: ExportSite[],
): void {
  let at = start;
  while (MODIFIERS.has(code[at]?.text ?? '')) at += 1;
  const keyword = code[at]?.text ?? '';
  if (!DECLARATIONS.has(keyword)) return;
  at += is(code[at + 1], '*') ? 2 : 1;
  const name = code[at];
  if (name?.kind !== 'identifier') return;
  const typeOnly = keyword === 'interface' || keyword === 'type';
  exports.push({ name: name.text, typeOnly, line });
}
