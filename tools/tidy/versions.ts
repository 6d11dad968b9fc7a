import { readJson, type Tree } from './tree.ts';
import type { DependencySection, Manifest } from './workspace-package.ts';

const SECTIONS: readonly DependencySection[] = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
];

const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;

/** Whether `text` is one version and no range. */
export function isVersion(text: string): boolean {
  return EXACT.test(text);
}

/** One version that a package.json asks for. */
export interface Requirement {
  readonly name: string;
  readonly version: string;
}

/** The root's manifest and every package's, by path. */
export function readManifests(tree: Tree): ReadonlyMap<string, Manifest> {
  const paths = ['package.json', ...tree.packages.map((pkg) => `${pkg.path}/package.json`)];
  return new Map(paths.map((path) => [path, readJson<Manifest>(tree, path)]));
}

/** Everything a manifest asks for, in whichever section, overrides included. */
export function requirements(manifest: Manifest): Requirement[] {
  const found: Requirement[] = [];
  for (const section of SECTIONS) {
    for (const [name, version] of Object.entries(manifest[section] ?? {})) {
      found.push({ name, version });
    }
  }
  collectOverrides(manifest.overrides, found);
  return found;
}

/** The version that the whole workspace has, which the root's manifest says. */
export function lockstepVersion(tree: Tree): string {
  return readJson<Manifest>(tree, 'package.json').version ?? 'none';
}

/**
 * The manifests as they read with all our packages at `version`, by path; only those that change.
 * Everything else in them stays as it is written.
 */
export function withVersion(tree: Tree, version: string): ReadonlyMap<string, string> {
  const names = tree.packages.map((pkg) => pkg.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const line = new RegExp(`^(\\s*"(?:version|${names.join('|')})": )"\\d[^"]*"`, 'gm');
  const changed = new Map<string, string>();
  for (const path of readManifests(tree).keys()) {
    const before = tree.files.get(path)?.text ?? '';
    const after = before.replace(line, `$1"${version}"`);
    if (after !== before) changed.set(path, after);
  }
  return changed;
}

function collectOverrides(overrides: unknown, found: Requirement[]): void {
  if (typeof overrides !== 'object' || overrides === null) return;
  for (const [name, value] of Object.entries(overrides)) {
    if (typeof value === 'string') found.push({ name, version: value });
    else collectOverrides(value, found);
  }
}
