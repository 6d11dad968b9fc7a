import { posix } from 'node:path';
import { LAYERS_PATH, type Layers, levelOf, readLayers } from '../layers.ts';
import type { ImportSite } from '../module-syntax.ts';
import type { Problem } from '../problem.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Tree } from '../tree.ts';
import { isShipped, splitSpecifier, type WorkspacePackage } from '../workspace-package.ts';

/** Imports point the way layers.json says, and only at public entries. */
export const layersRule: Rule = {
  name: 'layers',
  *check(tree) {
    const layers = readLayers(tree);
    yield* checkTable(tree, layers);
    for (const file of tree.files.values()) {
      if (!file.isCode) continue;
      const pkg = tree.packages.find((candidate) => file.path.startsWith(`${candidate.path}/`));
      for (const site of file.module.imports) {
        const message = /^\.\.?\//.test(site.specifier)
          ? checkRelative(pkg, file, site)
          : checkNamed(tree, layers, pkg, file, site);
        if (message !== undefined) {
          yield { path: file.path, line: site.line, rule: 'layers', message };
        }
      }
    }
  },
};

function* checkTable(tree: Tree, layers: Layers): Iterable<Problem> {
  const known = new Set(tree.packages.map((pkg) => pkg.folder));
  const placed = layers.levels.flatMap((level) => level.packages);
  const report = (message: string): Problem => {
    return { path: LAYERS_PATH, line: 1, rule: 'layers', message };
  };
  for (const folder of known) {
    const times = placed.filter((name) => name === folder).length;
    if (times !== 1) yield report(`packages/${folder} stands in ${times} levels; give it one`);
  }
  for (const folder of new Set(placed)) {
    if (!known.has(folder)) yield report(`there is no packages/${folder}; take it out`);
  }
}

function checkRelative(
  pkg: WorkspacePackage | undefined,
  file: SourceFile,
  site: ImportSite,
): string | undefined {
  const target = posix.join(posix.dirname(file.path), site.specifier);
  if (pkg === undefined) {
    if (!target.startsWith('packages/')) return undefined;
    return `reaches into ${target}; import the package by its name`;
  }
  if (!target.startsWith(`${pkg.path}/`)) {
    return `leaves its package for ${target}; import the other package by its name`;
  }
  if (!isShipped(pkg, file)) return undefined;
  if (!target.startsWith(`${pkg.path}/src/`)) {
    return `what ships imports ${target}, which does not; move it below src/`;
  }
  const core = coreFolder(file.path);
  if (core !== undefined && !target.startsWith(core)) {
    return `${core} stands alone, yet a file in it imports ${target}; move that in`;
  }
  return undefined;
}

function coreFolder(path: string): string | undefined {
  return /^.*?\/core\//.exec(path)?.[0];
}

function checkNamed(
  tree: Tree,
  layers: Layers,
  pkg: WorkspacePackage | undefined,
  file: SourceFile,
  site: ImportSite,
): string | undefined {
  const split = splitSpecifier(site.specifier);
  if (split === undefined) return undefined;
  const target = tree.packages.find((candidate) => candidate.name === split.name);
  if (target === undefined) {
    if (!isOurScope(tree, split.name)) return undefined;
    return `there is no package ${split.name} in this workspace; correct the name`;
  }
  const entry = split.subpath === '' ? '.' : `./${split.subpath}`;
  if (target.manifest.exports?.[entry] === undefined) {
    return `${site.specifier} is no public entry; import from '${target.name}'`;
  }
  if (pkg === undefined) return undefined;
  if (target === pkg) {
    if (!isShipped(pkg, file)) return undefined;
    return 'imports its own package by name; use a relative path';
  }
  const key = split.subpath === '' ? target.folder : `${target.folder}/${split.subpath}`;
  if (mayImport(layers, pkg, file, key)) return undefined;
  return `${pkg.folder} may not import ${key} (layers.json); turn the dependency round with a port`;
}

function mayImport(layers: Layers, pkg: WorkspacePackage, file: SourceFile, key: string): boolean {
  const level = levelOf(layers, pkg);
  if (level === undefined) return false;
  const shipped = isShipped(pkg, file);
  const table =
    shipped && file.isInCore ? (level.coreMayImport ?? level.mayImport) : level.mayImport;
  if (table.includes(key)) return true;
  if (layers.exceptions.some(({ from, to }) => from === pkg.folder && to === key)) return true;
  return !shipped && layers.testsMayAlsoImport.includes(key);
}

/** Whether the name has the scope that our packages share. */
function isOurScope(tree: Tree, name: string): boolean {
  const scope = name.split('/')[0] ?? '';
  return scope.startsWith('@') && tree.packages.some((pkg) => pkg.name.startsWith(`${scope}/`));
}
