import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import { lineOf, readJson, type Tree } from '../tree.ts';
import {
  isShipped,
  type Manifest,
  splitSpecifier,
  type WorkspacePackage,
} from '../workspace-package.ts';

/** A package declares what it imports, and imports what it declares. */
export const dependenciesRule: Rule = {
  name: 'dependencies',
  *check(tree) {
    const root = readJson<Manifest>(tree, 'package.json');
    const ours = new Set(tree.packages.map((pkg) => pkg.name));
    for (const pkg of tree.packages) {
      yield* checkShipped(tree, pkg);
      yield* checkTests(pkg, new Set([...ours, ...declared(root), ...declared(pkg.manifest)]));
    }
  },
};

function* checkShipped(tree: Tree, pkg: WorkspacePackage): Iterable<Problem> {
  const path = `${pkg.path}/package.json`;
  const promised = new Set([
    ...Object.keys(pkg.manifest.dependencies ?? {}),
    ...Object.keys(pkg.manifest.optionalDependencies ?? {}),
    ...Object.keys(pkg.manifest.peerDependencies ?? {}),
  ]);
  const used = new Set<string>();
  for (const file of pkg.files) {
    if (!isShipped(pkg, file)) continue;
    for (const { specifier, line } of file.module.imports) {
      const name = splitSpecifier(specifier)?.name;
      if (name === undefined || name === pkg.name) continue;
      used.add(name);
      if (promised.has(name)) continue;
      const message = `imports ${name}, which ${path} does not declare; add it to dependencies`;
      yield { path: file.path, line, rule: 'dependencies', message };
    }
  }
  for (const name of promised) {
    if (used.has(name)) continue;
    const line = lineOf(tree.files.get(path), `"${name}"`);
    const message = `declares ${name} and imports it nowhere in src; take it out`;
    yield { path, line, rule: 'dependencies', message };
  }
}

/** Tests and benches may also use each other's packages and the root's tools. */
function* checkTests(pkg: WorkspacePackage, allowed: ReadonlySet<string>): Iterable<Problem> {
  for (const file of pkg.files) {
    if (!file.isCode || isShipped(pkg, file)) continue;
    for (const { specifier, line } of file.module.imports) {
      const name = splitSpecifier(specifier)?.name;
      if (name === undefined || allowed.has(name)) continue;
      const message = `imports ${name}, which is declared nowhere; add it to devDependencies`;
      yield { path: file.path, line, rule: 'dependencies', message };
    }
  }
}

function declared(manifest: Manifest): string[] {
  return [
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.devDependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
  ];
}
