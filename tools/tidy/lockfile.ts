import { readJson, type Tree } from './tree.ts';

/** One entry of package-lock.json. */
export interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  /** Set for a link to a package of the workspace. */
  readonly link?: boolean;
  /** Reached from devDependencies alone. */
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

export const LOCKFILE_PATH = 'package-lock.json';

/** The packages from outside, by their folder below the root. */
export function readLockfile(tree: Tree): ReadonlyMap<string, LockedPackage> {
  if (!tree.files.has(LOCKFILE_PATH)) return new Map();
  const lock = readJson<{ packages?: Record<string, LockedPackage> }>(tree, LOCKFILE_PATH);
  const entries = Object.entries(lock.packages ?? {});
  return new Map(entries.filter(([path, { link }]) => isInstalled(path) && !link));
}

/** `node_modules/a/node_modules/@b/c` is about `@b/c`. */
export function lockedName(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function isInstalled(path: string): boolean {
  return path.includes('node_modules/');
}
