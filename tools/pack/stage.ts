import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compareText } from '../tidy/problem.ts';
import type { PackagePlan } from './plan.ts';
import { builtFile, publishedManifest } from './published-manifest.ts';
import { publishedReadme } from './published-readme.ts';

export interface StageFolders {
  readonly root: string;
  /** Where the compiler has put its output. */
  readonly built: string;
  /** Where each package gets a folder of its own, named as in the workspace. */
  readonly staging: string;
}

/** A package as it is published, in a folder of its own. */
export interface StagedPackage {
  readonly plan: PackagePlan;
  readonly folder: string;
  /** Relative to `folder`, with forward slashes, sorted. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/** The specifier of an import in a declaration file, which the compiler leaves as it was. */
const SOURCE_SPECIFIER = /(\b(?:from|import)\s*\(?\s*)(["'])(\.{1,2}\/[^"'\n]+)\.ts\2/g;

/**
 * Puts together what is published of one package. Its folders stay as they are, with `x.js` and
 * `x.d.ts` in the place of `x.ts`, so that a path from one file to another is right in both forms.
 */
export function stagePackage(plan: PackagePlan, folders: StageFolders): StagedPackage {
  const folder = join(folders.staging, plan.folder);
  const source = join(folders.root, plan.path);
  mkdirSync(folder, { recursive: true });
  for (const asset of plan.assets) {
    cpSync(join(source, asset), join(folder, asset), { recursive: true });
  }
  for (const code of plan.codeFolders) {
    copyBuilt(join(folders.built, plan.path, code), join(folder, code));
    copyOthers(join(source, code), join(folder, code));
  }
  for (const program of plan.programs.values()) {
    chmodSync(join(folder, builtFile(program, '.js')), 0o755);
  }
  const manifest = `${JSON.stringify(publishedManifest(plan), null, 2)}\n`;
  writeFileSync(join(folder, 'package.json'), manifest);
  const readme = readFileSync(join(source, 'README.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), publishedReadme(readme, plan.path));
  copyFileSync(join(folders.root, 'LICENSE'), join(folder, 'LICENSE'));
  const files = filesBelow(folder);
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  return { plan, folder, files, bytes };
}

function copyBuilt(from: string, to: string): void {
  for (const file of filesBelow(from)) {
    const text = readFileSync(join(from, file), 'utf8');
    write(join(to, file), mended(file, text));
  }
}

function mended(file: string, text: string): string {
  if (file.endsWith('.d.ts')) return text.replaceAll(SOURCE_SPECIFIER, '$1$2$3.js$2');
  if (!file.endsWith('.map')) return text;
  const map = JSON.parse(text) as { sources: readonly string[] };
  // The text of the source is in the map; it has the name that it would have beside it.
  return JSON.stringify({ ...map, sources: map.sources.map((source) => basename(source)) });
}

/** What stands between the sources and is none. */
function copyOthers(from: string, to: string): void {
  for (const file of filesBelow(from)) {
    if (file.endsWith('.ts')) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(from, file), join(to, file));
  }
}

function filesBelow(folder: string): readonly string[] {
  const found = globSync('**', { cwd: folder, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((file) => file.replaceAll('\\', '/'))
    .sort(compareText);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
