import { compareText } from '../tidy/problem.ts';
import type { ClassMember } from './class-outline.ts';
import { type Declaration, KINDS, type Kind } from './declaration.ts';
import type { Workspace } from './workspace.ts';

/** One exported name, ready to be written down. */
export interface Item {
  readonly name: string;
  readonly kind: Kind | 'foreign';
  /** TypeScript; what it says of a namespace or of a foreign name is a sentence instead. */
  readonly code: string;
  readonly sentence: string;
  /** The insides of its docstrings. */
  readonly docstrings: readonly string[];
  /** The file that declares it; null when it is not ours. */
  readonly path: string | null;
}

/** One entry of a package. */
export interface Entry {
  /** The name by which one imports it. */
  readonly specifier: string;
  readonly path: string;
  readonly introduction: string;
  /** In order of kind, then name. */
  readonly items: readonly Item[];
}

const ORDER: readonly Item['kind'][] = [...KINDS, 'foreign'];

/** Whether an entry of any package exports what the file declares by that name. */
export type IsPublic = (path: string, name: string) => boolean;

/** @param path the file of the entry */
export function readEntry(
  workspace: Workspace,
  specifier: string,
  path: string,
  isPublic: IsPublic,
): Entry {
  const reader = new ItemReader(workspace, isPublic);
  const items = workspace
    .exportedNames(path)
    .map((name) => reader.item(path, name))
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || compareText(a.name, b.name));
  return { specifier, path, introduction: workspace.module(path).introduction, items };
}

/** A declaration with the file in which it stands. */
interface Placed {
  readonly path: string;
  readonly declaration: Declaration;
}

class ItemReader {
  readonly #workspace: Workspace;
  readonly #isPublic: IsPublic;

  constructor(workspace: Workspace, isPublic: IsPublic) {
    this.#workspace = workspace;
    this.#isPublic = isPublic;
  }

  item(entryPath: string, name: string): Item {
    const meaning = this.#workspace.meaningOfExport(entryPath, name);
    const nothing = { name, code: '', sentence: '', docstrings: [], path: null };
    if (meaning.kind === 'foreign') {
      const sentence = `\`${meaning.name}\` of \`${meaning.specifier}\`.`;
      return { ...nothing, kind: 'foreign', sentence };
    }
    const { path } = meaning;
    if (meaning.kind === 'namespace') {
      const names = [...meaning.names].sort(compareText).map((each) => `\`${each}\``);
      return { ...nothing, kind: 'namespace', sentence: `Holds ${names.join(', ')}.`, path };
    }
    const { declarations } = meaning;
    const first = KINDS.find((kind) => declarations.some((each) => each.kind === kind));
    return {
      ...nothing,
      kind: first ?? 'const',
      code: declarations.map((declaration) => this.#code({ path, declaration })).join('\n\n'),
      docstrings: declarations.flatMap(({ docstring }) => docstring ?? []),
      path,
    };
  }

  #code(placed: Placed): string {
    const { declaration } = placed;
    if (declaration.kind === 'class') return classCode(declaration, this.#members(placed));
    const parents = this.#hiddenParents(placed).map((parent) => {
      const { docstring } = parent.declaration;
      const comment = docstring === null ? '' : `/*${docstring}*/\n`;
      return `${comment}${this.#code(parent)}`;
    });
    return [declaration.signature, ...parents].join('\n\n');
  }

  /** Those of a class, and those that it inherits from classes which have no page of their own. */
  #members(placed: Placed): ClassMember[] {
    const { members } = placed.declaration;
    const own = new Set([...members.map(({ name }) => name), 'constructor']);
    const inherited = this.#hiddenParents(placed).flatMap((parent) => this.#members(parent));
    return [...members, ...inherited.filter(({ name }) => !own.has(name))];
  }

  /** What it extends of the same kind, and nobody can look up. */
  #hiddenParents({ path, declaration }: Placed): Placed[] {
    return declaration.parents.flatMap((name) => {
      const meaning = this.#workspace.meaningWithin(path, name);
      if (meaning?.kind !== 'declared') return [];
      const parent = meaning.declarations.find(({ kind }) => kind === declaration.kind);
      if (parent === undefined || this.#isPublic(meaning.path, parent.name)) return [];
      return [{ path: meaning.path, declaration: parent }];
    });
  }
}

function classCode({ signature }: Declaration, members: readonly ClassMember[]): string {
  if (members.length === 0) return `${signature} {}`;
  const body = members.map(({ text }, at) => {
    const isApart = at > 0 && (text.includes('\n') || members[at - 1]?.text.includes('\n'));
    return isApart ? `\n${text}` : text;
  });
  return `${signature} {\n${body.join('\n')}\n}`;
}
