import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findScripts } from '../run/find-scripts.ts';
import { ROOT } from '../run/run-command.ts';
import { type Fuzzer, readFuzzer } from './fuzzer.ts';

const PATTERNS = ['packages/*/fuzz/*.fuzz.ts', 'tools/fuzz/*.fuzz.ts'];

/** Every fuzzer's path below the root, by its name. */
export function findFuzzers(): ReadonlyMap<string, string> {
  return findScripts(ROOT, PATTERNS, '.fuzz.ts');
}

/** @param path as `findFuzzers` gives it */
export async function loadFuzzer(path: string): Promise<Fuzzer> {
  const module: unknown = await import(pathToFileURL(join(ROOT, path)).href);
  return readFuzzer(module, path);
}

/** Where the inputs of a fuzzer are kept: beside it. */
export function corpusFolder(name: string, path: string): string {
  return join(ROOT, path, '..', 'corpus', name);
}
