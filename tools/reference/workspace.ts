import { posix } from 'node:path';
import type { Tree } from '../tidy/tree.ts';
import { entryFiles, splitSpecifier } from '../tidy/workspace-package.ts';
import type { Declaration, Kind } from './declaration.ts';
import { type Binding, readSourceModule, type SourceModule } from './source-module.ts';

const TYPES: ReadonlySet<Kind> = new Set(['interface', 'type', 'class']);

/** What a name stands for, at the end of all re-exports. */
export type Meaning =
  | {
      readonly kind: 'declared';
      /** The file that declares it. */
      readonly path: string;
      readonly declarations: readonly Declaration[];
    }
  | {
      readonly kind: 'namespace';
      /** The file whose exports it holds. */
      readonly path: string;
      readonly names: readonly string[];
    }
  /** From a package that is not ours. */
  | { readonly kind: 'foreign'; readonly specifier: string; readonly name: string };

/** The sources of all packages; each file is read when it is first asked for. */
export class Workspace {
  readonly #tree: Tree;
  readonly #modules = new Map<string, SourceModule>();
  /** Path of the file behind each specifier of a package of ours. */
  readonly #entries = new Map<string, string>();

  constructor(tree: Tree) {
    this.#tree = tree;
    for (const pkg of tree.packages) {
      for (const [entry, path] of entryFiles(pkg)) {
        this.#entries.set(`${pkg.name}${entry.slice(1)}`, path);
      }
    }
  }

  /** @throws Error when there is no such file, or it cannot be read */
  module(path: string): SourceModule {
    const known = this.#modules.get(path);
    if (known !== undefined) return known;
    const file = this.#tree.files.get(path);
    if (file === undefined) throw new Error(`${path} is missing; an import or an entry names it`);
    const module = readSourceModule(path, file.text);
    this.#modules.set(path, module);
    return module;
  }

  /** The names that the file exports, those of its `export *` included. */
  exportedNames(path: string, seen: ReadonlySet<string> = new Set()): string[] {
    if (seen.has(path)) return [];
    const { exports, stars } = this.module(path);
    const names = new Set(exports.keys());
    for (const specifier of stars) {
      const target = this.#resolve(path, specifier);
      if (target === null) continue;
      for (const name of this.exportedNames(target, new Set([...seen, path]))) names.add(name);
    }
    return [...names];
  }

  /** @throws Error when the file exports no such name */
  meaningOfExport(path: string, name: string): Meaning {
    const meaning = this.#exported(path, name, new Set());
    if (meaning === null) throw new Error(`${path} exports ${name}, which nothing declares`);
    return meaning;
  }

  /** What `name` means within the file; null when it is none of the file's own names. */
  meaningWithin(path: string, name: string): Meaning | null {
    return this.#within(path, name, new Set());
  }

  #exported(path: string, name: string, seen: Set<string>): Meaning | null {
    // Files that export each other's names in a circle have no end.
    const place = `${path} ${name}`;
    if (seen.has(place)) return null;
    seen.add(place);
    const { exports, stars } = this.module(path);
    const binding = exports.get(name);
    if (binding !== undefined) return this.#follow(path, binding, seen);
    for (const specifier of stars) {
      const target = this.#resolve(path, specifier);
      const meaning = target === null ? null : this.#exported(target, name, seen);
      if (meaning !== null) return meaning;
    }
    return null;
  }

  #follow(path: string, binding: Binding, seen: Set<string>): Meaning | null {
    const meaning = this.#behind(path, binding, seen);
    return binding.typeOnly ? withoutValues(meaning) : meaning;
  }

  #behind(path: string, { name, specifier }: Binding, seen: Set<string>): Meaning | null {
    if (specifier === null) return this.#within(path, name, seen);
    const target = this.#resolve(path, specifier);
    if (target === null) return { kind: 'foreign', specifier, name };
    if (name !== '*') return this.#exported(target, name, seen);
    return { kind: 'namespace', path: target, names: this.exportedNames(target) };
  }

  #within(path: string, name: string, seen: Set<string>): Meaning | null {
    const { declarations, imports } = this.module(path);
    const declared = declarations.get(name);
    if (declared !== undefined) return { kind: 'declared', path, declarations: declared };
    const imported = imports.get(name);
    return imported === undefined ? null : this.#follow(path, imported, seen);
  }

  /** @returns null for what is not ours */
  #resolve(path: string, specifier: string): string | null {
    if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
    const parts = splitSpecifier(specifier);
    if (parts === undefined) return null;
    const entry = this.#entries.get(specifier);
    const isOurs = this.#tree.packages.some(({ name }) => name === parts.name);
    if (entry === undefined && isOurs) {
      throw new Error(`${path} names ${specifier}, which is no entry of ${parts.name}`);
    }
    return entry ?? null;
  }
}

/** `export type` of a name that is a type and a value gives the type alone: of a class, objects. */
function withoutValues(meaning: Meaning | null): Meaning | null {
  if (meaning?.kind !== 'declared') return meaning;
  const types = meaning.declarations.filter(({ kind }) => TYPES.has(kind));
  if (types.length === 0) return meaning;
  const declarations = types.map((each) => ({
    ...each,
    members: each.members.filter(
      ({ name }) => name !== 'constructor' && !name.startsWith('static '),
    ),
  }));
  return { ...meaning, declarations };
}
