import type { FileSystemErrorKind } from '@quorate/base';
import { FileSystemError } from '@quorate/base';

const kinds: Readonly<Record<string, FileSystemErrorKind>> = {
  ENOENT: 'notFound',
  EEXIST: 'exists',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
};

const advice: Readonly<Record<FileSystemErrorKind, string>> = {
  notFound: 'check that the path is right and nothing else removes files there',
  exists: 'a new file was expected; check that no other process uses the directory',
  full: 'free space on this file system, or raise its quota',
  permission: 'give this user read and write access to the file and its directory',
  locked: 'choose another directory',
  io: 'check the device and the kernel log before the node is started again',
  closed: 'this is a mistake of the program',
};

/**
 * @param action what was tried, as in "cannot <action> <path>"
 * @param cause an error of `node:fs`, or anything with its `code` and `message`
 */
export function fileSystemError(action: string, path: string, cause: unknown): FileSystemError {
  if (cause instanceof FileSystemError) return cause;
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  const kind = kinds[code ?? ''] ?? 'io';
  const text = `cannot ${action} ${path}: ${message ?? String(cause)}; ${advice[kind]}`;
  return new FileSystemError(kind, path, text, { cause });
}

export function closedError(path: string): FileSystemError {
  return new FileSystemError('closed', path, `${path} is closed: ${advice.closed}`);
}

/** @param why what stands in the way, as a sentence's subject and predicate */
export function lockedError(path: string, why: string): FileSystemError {
  return new FileSystemError('locked', path, `cannot lock ${path}: ${why}`);
}

/** Runs one blocking step and gives its failure the port's form. */
export function attempt<T>(action: string, path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw fileSystemError(action, path, error);
  }
}
