import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** One step, which is fine when the directory is there. @returns the error of a missing parent */
function tryToMake(path: string, mode: number): Error | null {
  try {
    mkdirSync(path, { mode });
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return error as Error;
    // Some systems have other words than EEXIST for a root or a mount point that is there.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return null;
    throw error;
  }
}

/**
 * Makes a directory and what is missing above it. Node.js's own way (`recursive`, seen in 24.x)
 * does not return where the system answers ENOENT below a parent that is there, as in `/proc`.
 *
 * @param mode of each directory that is made; default 0o777, less the process's mask
 * @throws what `node:fs` throws, about the directory that could not be made
 */
export function makeDirectory(path: string, mode = 0o777): void {
  if (tryToMake(path, mode) === null) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  const error = tryToMake(path, mode);
  if (error !== null) throw error;
}
