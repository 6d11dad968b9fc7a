import type { SourceFile } from './source-file.ts';

/** A section of package.json that maps package names to versions. */
export type DependencySection =
  | 'dependencies'
  | 'devDependencies'
  | 'optionalDependencies'
  | 'peerDependencies';

export interface Manifest extends Readonly<Partial<Record<DependencySection, Dependencies>>> {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly type?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly overrides?: unknown;
}

export type Dependencies = Readonly<Record<string, string>>;

/** One package of the workspace. */
export interface WorkspacePackage {
  /** The folder's name: what layers.json calls it. */
  readonly folder: string;
  /** Path of its folder, relative to the root. */
  readonly path: string;
  /** Its name for npm. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Every file below its folder. */
  readonly files: readonly SourceFile[];
}

/** `src` is what ships; the rest are its tests, benches and generators. */
export function isShipped(pkg: WorkspacePackage, file: SourceFile): boolean {
  return file.isCode && file.path.startsWith(`${pkg.path}/src/`);
}

/**
 * Splits an import's specifier into the package's name and the path behind it.
 *
 * @returns undefined for a relative path or a `node:` module
 */
export function splitSpecifier(specifier: string): { name: string; subpath: string } | undefined {
  if (/^(\.|\/|node:|#)/.test(specifier)) return undefined;
  const parts = specifier.split('/');
  const length = specifier.startsWith('@') ? 2 : 1;
  return { name: parts.slice(0, length).join('/'), subpath: parts.slice(length).join('/') };
}

/** Paths of the files that package.json's `exports` names, by entry (`.`, `./core`). */
export function entryFiles(pkg: WorkspacePackage): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const [entry, target] of Object.entries(pkg.manifest.exports ?? {})) {
    const file = sourceTarget(target);
    if (file !== undefined) entries.set(entry, `${pkg.path}/${file.replace(/^\.\//, '')}`);
  }
  return entries;
}

/** A target is a path, or conditions of which one leads to the source. */
function sourceTarget(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  const targets = Object.values(target).map(sourceTarget);
  return targets.find((file) => file?.startsWith('./src/')) ?? targets[0];
}
