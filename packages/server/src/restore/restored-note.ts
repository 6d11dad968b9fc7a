import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The file's name, beside the identity. */
export const restoredName = 'restored';

/** Where a state is built before it moves up: there for as long as a restore has not ended. */
export const unfinishedName = '.restoring';

/** What a data directory that was restored says of it. Ids are 16 hex digits. */
export interface RestoredNote {
  readonly clusterId: string;
  /** Of the database it was made of. */
  readonly sha256: string;
  /** Of the state that it began with. */
  readonly revision: number;
  readonly bumpRevision: number;
  /** Whose state that was; null: the file did not say. */
  readonly fromClusterId: string | null;
  /** It goes on as the cluster that the file is from. */
  readonly isIdentityKept: boolean;
  /** ISO 8601. */
  readonly at: string;
}

/** Durable on return, but for its name. */
export function writeNote(directory: string, note: RestoredNote): void {
  const fd = openSync(join(directory, restoredName), 'wx', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(note, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whether somebody has begun to restore a state into it, and was ended before it was whole. */
export function isUnfinished(directory: string): boolean {
  return existsSync(join(directory, unfinishedName));
}

/** @returns null when the directory was not restored, or is not there */
export function readNote(directory: string): RestoredNote | null {
  let text: string;
  try {
    text = readFileSync(join(directory, restoredName), 'utf8');
  } catch {
    return null;
  }
  try {
    const note = JSON.parse(text) as Partial<RestoredNote> | null;
    const isId = /^[0-9a-f]{16}$/.test(String(note?.clusterId));
    return isId ? (note as RestoredNote) : null;
  } catch {
    return null;
  }
}
