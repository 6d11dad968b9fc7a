import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { makeDirectory } from '../make-directory.ts';
import { projectManifest, projectName } from './project-manifest.ts';

const templates = new URL('../../templates/project/', import.meta.url);

/** npm packs no file of that name. */
const renamed: ReadonlyMap<string, string> = new Map([['gitignore', '.gitignore']]);

/**
 * Writes a small project into `directory`, which is made if it is not there.
 *
 * @param version of the packages that it depends on
 * @returns the names of the files
 * @throws CliError CLI_DATA_DIRECTORY when something is there already, or nothing can be written
 */
export function writeProject(directory: string, version: string): readonly string[] {
  const path = resolve(directory);
  const name = projectName(basename(path));
  const files = new Map([['package.json', projectManifest(name, version)]]);
  for (const template of readdirSync(templates)) {
    const text = readFileSync(new URL(template, templates), 'utf8');
    files.set(renamed.get(template) ?? template, text.replaceAll('{{name}}', name));
  }
  checkEmpty(directory);
  try {
    makeDirectory(path);
    // Whoever else writes here at the same moment loses nothing.
    for (const [file, text] of files) writeFileSync(join(path, file), text, { flag: 'wx' });
  } catch (error) {
    throw unusable(directory, `cannot be written to: ${messageOf(error)}`, error);
  }
  return [...files.keys()].sort();
}

/** A repository without files counts as empty. */
function checkEmpty(directory: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory).filter((name) => name !== '.git');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    if (codeOf(error) === 'ENOTDIR') throw unusable(directory, 'is a file', error);
    throw unusable(directory, `cannot be read: ${messageOf(error)}`, error);
  }
  if (names.length === 0) return;
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  throw unusable(directory, `is not empty: it has ${names.slice(0, 3).join(', ')}${more}`);
}

function unusable(path: string, problem: string, cause?: unknown): CliError {
  const message = `${path} ${problem}; nothing was overwritten. Give a new or an empty directory`;
  return new CliError('CLI_DATA_DIRECTORY', message, { path }, { cause });
}
