import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DirectoryLock } from '@quorate/base';
import { fileSystemError, lockedError } from './file-system-failure.ts';

/** Always empty; `list` leaves it out. */
export const lockFileName = '.lock';

/** SQLite's primary result codes that mean something here. */
const sqliteBusy = 5;
const sqliteErrors: Readonly<Record<number, string>> = {
  3: 'EACCES',
  8: 'EROFS',
  13: 'ENOSPC',
  14: 'EACCES',
};

/**
 * By the real path of their directory. A database that is collected as garbage is closed, which
 * would release its lock.
 */
const held = new Map<DatabaseSync, string>();

/**
 * Loads node:sqlite without the warning that it is experimental, which some releases print on
 * first use: it tells whoever runs a node nothing. Other warnings pass, and the original function
 * is back before anything else runs.
 */
function loadSqlite(): typeof import('node:sqlite') {
  const original = process.emitWarning;
  const filtered = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite')) Reflect.apply(original, process, [warning, ...rest]);
  };
  process.emitWarning = filtered as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = original;
  }
}

/**
 * Locks a directory for this process.
 *
 * The lock is SQLite's on an empty database file, which comes down to the kernel's record lock on
 * that inode. Why so: Node has no flock, and of what it has this is the only thing that (a) ends
 * with the process however it ends, (b) refuses a second node of the same process (SQLite keeps
 * account of that itself), and (c) holds between containers that share the volume: a pid file with
 * boot id and start time fails at (c) because each container has its own pids, an abstract socket
 * because each has its own network namespace. Nothing is ever written, so a full disk does not
 * matter either. Nobody may open the file by other means: closing it would drop the record lock.
 *
 * @param directory absolute; it must exist
 * @throws FileSystemError `locked` when it is held, by whatever process
 */
export function lockDirectory(directory: string): DirectoryLock {
  const { DatabaseSync: Database } = loadSqlite();
  let database: DatabaseSync | null = null;
  try {
    database = new Database(join(directory, lockFileName), { timeout: 0 });
    // No journal file, for nothing is written.
    database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw lockFailure(directory, error);
  }
  const locked = database;
  held.set(locked, realpathSync(directory));
  return {
    release(): void {
      if (held.delete(locked)) locked.close();
    },
  };
}

function lockFailure(directory: string, error: unknown): Error {
  const { errcode, message } = error as { readonly errcode?: number; readonly message: string };
  // The low byte is the primary code, whatever extended code SQLite gives.
  const primary = (errcode ?? 0) & 0xff;
  if (primary === sqliteBusy) return lockedError(directory, holderOf(directory));
  const code = existsSync(directory) ? (sqliteErrors[primary] ?? 'EIO') : 'ENOENT';
  return fileSystemError('lock', directory, { code, message: `${message} (${lockFileName})` });
}

function holderOf(directory: string): string {
  if ([...held.values()].includes(realpathSync(directory))) {
    return 'a running node uses this directory, in this same process';
  }
  const pid = pidOfHolder(join(directory, lockFileName));
  const who = pid === null ? 'another process' : `process ${pid}`;
  return `a running node uses this directory, in ${who}`;
}

/** Linux tells; elsewhere, and of a process in another container, it is not known. */
function pidOfHolder(file: string): number | null {
  try {
    const inode = statSync(file).ino;
    // 1: POSIX  ADVISORY  WRITE 4711 08:01:131 1073741824 1073742335
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, pid, of] = /POSIX.* (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? [];
      if (Number(of) === inode && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // It is only for the message.
  }
  return null;
}
