import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '@quorate/node';
import { readRecovered, recoveredName } from './recovered-note.ts';
import { restoredName } from './restored-note.ts';

/*
 * How another state takes the place of the one that a data directory holds, within the directory:
 * it may be a mount point. The new one is built, hidden, in `.recovering`. Then:
 *
 *   1. `.recovering` is renamed to `recovery`, in one step
 *   2. the parts of the old state move to `before-recovery-...`, the identity first
 *   3. those of the new one move up, the identity last
 *   4. `recovery` is removed
 *
 * Before 1 the state is the old one. After 1 it is the new one, wherever that ended: whoever starts
 * the member, or recovers it again, goes on with 2, 3 and 4, which may be done any number of times.
 * A program that knows nothing of this finds no identity in between, and refuses the directory.
 */

/** What changes the directory: each call is durable once `sync` of what it changed is. */
export interface DirectoryDisk {
  rename(from: string, to: string): void;
  make(path: string): void;
  sync(path: string): void;
  remove(path: string): void;
}

/** The real one. */
export const directoryDisk: DirectoryDisk = {
  rename: renameSync,
  make: (path) => makeDirectory(path, 0o700),
  sync(path) {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  remove: (path) => rmSync(path, { recursive: true, force: true }),
};

/** In the order in which they move. */
const newParts = ['wal', 'snapshots', 'log-begun', recoveredName, 'identity'];
const oldParts = ['identity', 'log-begun', 'wal', 'snapshots', restoredName, recoveredName];

function pendingPath(directory: string): string {
  return join(directory, 'recovery');
}

/** Whether another state was committed, and has not wholly taken its place yet. */
export function isReplacing(directory: string): boolean {
  const pending = pendingPath(directory);
  return existsSync(pending) && (readRecovered(pending) ?? readRecovered(directory)) !== null;
}

/**
 * The directory is locked by the caller.
 *
 * @param make builds the new state, with its note, in the directory that it is given
 */
export async function replaceState(
  directory: string,
  make: (hidden: string) => Promise<void>,
  disk: DirectoryDisk,
): Promise<void> {
  const hidden = join(directory, '.recovering');
  // What an attempt that was killed has left.
  disk.remove(hidden);
  disk.make(hidden);
  try {
    await make(hidden);
    disk.sync(hidden);
    disk.rename(hidden, pendingPath(directory));
  } catch (error) {
    disk.remove(hidden);
    throw error;
  }
  disk.sync(directory);
  finishReplacing(directory, disk);
}

/** The directory is locked by the caller. Does nothing when there is nothing to finish. */
export function finishReplacing(directory: string, disk: DirectoryDisk): void {
  const pending = pendingPath(directory);
  if (!existsSync(pending)) return;
  const note = readRecovered(pending) ?? readRecovered(directory);
  if (note === null) return;
  const aside = join(directory, note.keptIn);
  disk.make(aside);
  for (const part of oldParts) {
    // What the new state has moved up already is not the old one's.
    const isOld = existsSync(join(pending, part)) || !newParts.includes(part);
    if (isOld) move(disk, directory, aside, part);
  }
  for (const part of newParts) move(disk, pending, directory, part);
  disk.remove(pending);
  disk.sync(directory);
}

function move(disk: DirectoryDisk, from: string, to: string, part: string): void {
  if (!existsSync(join(from, part))) return;
  disk.rename(join(from, part), join(to, part));
  disk.sync(to);
  disk.sync(from);
}
