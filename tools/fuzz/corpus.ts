import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusName } from './behaviour.ts';

export interface CorpusInput {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Every input kept in the folder, by name; none when there is no such folder. */
export function readCorpus(folder: string): CorpusInput[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.bin'));
  return names.sort().map((name) => ({ name, bytes: readInput(join(folder, name)) }));
}

/** A copy of its own: a pooled buffer would show a decoder its neighbours. */
export function readInput(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(path));
}

/** @returns the path of the file, which may have been there before */
export function keepInput(folder: string, behaviour: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, corpusName(behaviour, bytes));
  writeFileSync(path, bytes);
  return path;
}
