import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareText } from './problem.ts';
import { SourceFile } from './source-file.ts';
import type { Manifest, WorkspacePackage } from './workspace-package.ts';

/** The workspace as it stands on disk, read once; every rule looks at the same one. */
export interface Tree {
  readonly root: string;
  /** Sorted by path. */
  readonly files: ReadonlyMap<string, SourceFile>;
  readonly packages: readonly WorkspacePackage[];
}

/** By name, or by path. */
const UNTRACKED_FOLDERS = new Set([
  'node_modules',
  '.git',
  'dist',
  'coverage',
  '.quorate',
  '.stryker-tmp',
  'packages/raft/mutation/raw',
]);
const UNTRACKED_FILES = /\.(tsbuildinfo|log)$/;
const BINARY_FILES = /\.(bin|png|ico|gz|zst|pdf|woff2?)$/;

/**
 * Reads every text file below `root` that could be committed.
 *
 * @throws Error when a package.json cannot be read as JSON
 */
export function readTree(root: string): Tree {
  const paths: string[] = [];
  walk(root, '', paths);
  paths.sort(compareText);
  const files = new Map<string, SourceFile>();
  for (const path of paths) {
    files.set(path, new SourceFile(path, readFileSync(join(root, path), 'utf8')));
  }
  return { root, files, packages: findPackages(files) };
}

/** @throws Error that names the file when it is missing or no JSON */
export function readJson<T>(tree: Pick<Tree, 'files'>, path: string): T {
  const file = tree.files.get(path);
  if (file === undefined) throw new Error(`${path} is missing; tidy cannot judge without it`);
  try {
    return JSON.parse(file.text) as T;
  } catch (error) {
    throw new Error(`${path} is no valid JSON; mend its syntax first`, { cause: error });
  }
}

/** The line on which `needle` first stands, 1 when nowhere. */
export function lineOf(file: SourceFile | undefined, needle: string): number {
  const at = file?.text.indexOf(needle) ?? -1;
  return at < 0 ? 1 : (file?.text.slice(0, at).split('\n').length ?? 1);
}

function walk(root: string, folder: string, paths: string[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      const isUntracked = UNTRACKED_FOLDERS.has(entry.name) || UNTRACKED_FOLDERS.has(path);
      if (!isUntracked) walk(root, path, paths);
    } else if (entry.isFile() && !UNTRACKED_FILES.test(path) && !BINARY_FILES.test(path)) {
      paths.push(path);
    }
  }
}

function findPackages(files: ReadonlyMap<string, SourceFile>): WorkspacePackage[] {
  const packages: WorkspacePackage[] = [];
  for (const path of files.keys()) {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    if (folder === undefined) continue;
    const manifest = readJson<Manifest>({ files }, path);
    packages.push({
      folder,
      path: `packages/${folder}`,
      name: manifest.name ?? folder,
      manifest,
      files: [...files.values()].filter((file) => file.path.startsWith(`packages/${folder}/`)),
    });
  }
  return packages;
}
