import { type Declaration, readDeclarations } from './declaration.ts';
import { type NodeOf, parseProgram, type Statement } from './syntax.ts';

/** Where a name comes from: this file, or another one. */
export interface Binding {
  /** The name there; `*` for everything that the other file exports, as one object. */
  readonly name: string;
  /** null for this file. */
  readonly specifier: string | null;
  readonly typeOnly: boolean;
}

/** One file, as those see it who import it. */
export interface SourceModule {
  readonly path: string;
  /** What stands in comments before its first statement, as Markdown. */
  readonly introduction: string;
  /** By name, exported or not; overloads and a type beside its value share one. */
  readonly declarations: ReadonlyMap<string, readonly Declaration[]>;
  readonly imports: ReadonlyMap<string, Binding>;
  readonly exports: ReadonlyMap<string, Binding>;
  /** Of each `export *`. */
  readonly stars: readonly string[];
}

interface Named {
  readonly type: string;
  readonly name?: unknown;
  readonly value?: unknown;
}

/** @throws Error that names the file when it is no TypeScript, or exports a name in no known way */
export function readSourceModule(path: string, text: string): SourceModule {
  const module = new ModuleReader(path, text);
  const program = parseProgram(path, text);
  for (const statement of program.body) module.read(statement);
  const { declarations, imports, exports, stars } = module;
  const introduction = introductionOf(program.body[0]);
  return { path, introduction, declarations, imports, exports, stars };
}

class ModuleReader {
  readonly declarations = new Map<string, Declaration[]>();
  readonly imports = new Map<string, Binding>();
  readonly exports = new Map<string, Binding>();
  readonly stars: string[] = [];
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  read(statement: Statement): void {
    if (statement.type === 'ImportDeclaration') this.#readImport(statement);
    else if (statement.type === 'ExportAllDeclaration') this.stars.push(statement.source.value);
    else if (statement.type === 'ExportNamedDeclaration') this.#readExport(statement);
    else if (statement.type === 'ExportDefaultDeclaration') this.#refuse('a default export');
    else if (statement.type === 'TSExportAssignment') this.#refuse('an export assignment');
    else this.#declare(statement);
  }

  #declare(statement: Statement): readonly Declaration[] {
    const declared = readDeclarations(statement, this.#text);
    for (const declaration of declared) {
      const before = this.declarations.get(declaration.name) ?? [];
      this.declarations.set(declaration.name, withoutImplementation([...before, declaration]));
    }
    return declared;
  }

  #readImport({ specifiers, source, importKind }: NodeOf<'ImportDeclaration'>): void {
    for (const each of specifiers) {
      const name = each.type === 'ImportSpecifier' ? nameOf(each.imported) : '*';
      if (each.type === 'ImportDefaultSpecifier') continue;
      const isType = each.type === 'ImportSpecifier' && each.importKind === 'type';
      const typeOnly = importKind === 'type' || isType;
      this.imports.set(each.local.name, { name, specifier: source.value, typeOnly });
    }
  }

  #readExport(statement: NodeOf<'ExportNamedDeclaration'>): void {
    const { declaration, specifiers, source, exportKind } = statement;
    if (declaration) {
      const declared = this.#declare(statement);
      if (declared.length === 0) this.#refuse(`an exported ${declaration.type}`);
      for (const { name } of declared) {
        this.exports.set(name, { name, specifier: null, typeOnly: false });
      }
      return;
    }
    const specifier = source?.value ?? null;
    for (const each of specifiers) {
      if (each.type === 'ExportDefaultSpecifier') this.#refuse('a default export');
      const name = each.type === 'ExportSpecifier' ? each.local.name : '*';
      const isType = each.type === 'ExportSpecifier' && each.exportKind === 'type';
      const typeOnly = exportKind === 'type' || isType;
      this.exports.set(nameOf(each.exported), { name, specifier, typeOnly });
    }
  }

  #refuse(what: string): never {
    throw new Error(`${this.#path} has ${what}, which the reference cannot show; name what it is`);
  }
}

/** Of a function with overloads only they can be called. */
function withoutImplementation(declarations: readonly Declaration[]): Declaration[] {
  const hasOverloads = declarations.some(({ isOverload }) => isOverload);
  return declarations.filter(({ kind, isOverload }) => {
    return kind !== 'function' || isOverload || !hasOverloads;
  });
}

/** A name, or the text of a name in quotes. */
function nameOf(node: Named): string {
  return String(node.type === 'Identifier' ? node.name : node.value);
}

/** Comments that are no docstring of the first statement; blank lines part paragraphs. */
function introductionOf(first: Statement | undefined): string {
  const lines: string[] = [];
  let lastLine: number | null = null;
  for (const { type, value, loc } of first?.leadingComments ?? []) {
    if (type !== 'CommentLine') continue;
    if (lastLine !== null && loc && loc.start.line > lastLine + 1) lines.push('');
    lines.push(value.trim());
    lastLine = loc?.end.line ?? lastLine;
  }
  return lines.join('\n');
}
