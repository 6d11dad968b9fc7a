import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Makes a directory and what is missing above it. Node.js's own way (`recursive`) does not return
 * where the system answers ENOENT below a parent that is there, as in `/proc`; the server has its
 * own, but loading that takes longer than most commands.
 *
 * @param mode of each directory that is made; default 0o777, less the process's mask
 */
export function makeDirectory(path: string, mode = 0o777): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Someone else may have made it meanwhile.
    if (!isDirectory(path)) throw error;
  }
}
