import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { resolve } from 'node:path';
import type { BlockingFileSystem, File } from '@quorate/base';
import { lockDirectory, lockFileName } from './directory-lock.ts';
import { attempt } from './file-system-failure.ts';
import { makeDirectory } from './make-directory.ts';
import { directoryMode, fileMode } from './modes.ts';

function withDescriptor(path: string, flags: string, work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, fileMode);
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeWhole(descriptor: number, content: Uint8Array, offset: number): void {
  let written = 0;
  while (written < content.length) {
    const rest = content.length - written;
    written += writeSync(descriptor, content, written, rest, offset + written);
  }
  fdatasyncSync(descriptor);
}

/**
 * @param root what relative paths are relative to
 * @param fileOf makes a file of an open descriptor; `size` in bytes
 */
export function createBlockingFileSystem(
  root: string,
  fileOf: (path: string, descriptor: number, size: number) => File,
): BlockingFileSystem {
  const at = (path: string): string => resolve(root, path);
  return {
    makeDirectory(path) {
      attempt('make directory', path, () => {
        makeDirectory(at(path), directoryMode);
      });
    },
    list(path) {
      const names = attempt('list', path, () => readdirSync(at(path)));
      // JavaScript's default order is that of code units.
      return names.filter((name) => name !== lockFileName).sort();
    },
    readFile(path) {
      const content = attempt('read', path, () => readFileSync(at(path)));
      return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
    },
    openFile(path) {
      return attempt('open', path, () => {
        const descriptor = openSync(at(path), 'r+');
        return fileOf(path, descriptor, fstatSync(descriptor).size);
      });
    },
    writeFileDurably(path, content) {
      attempt('write', path, () => {
        withDescriptor(at(path), 'w', (descriptor) => writeWhole(descriptor, content, 0));
      });
    },
    overwriteDurably(path, offset, content) {
      attempt('overwrite', path, () => {
        withDescriptor(at(path), 'r+', (descriptor) => writeWhole(descriptor, content, offset));
      });
    },
    rename(from, to) {
      attempt('rename', from, () => renameSync(at(from), at(to)));
    },
    remove(path) {
      attempt('remove', path, () => unlinkSync(at(path)));
    },
    syncDirectory(path) {
      attempt('sync directory', path, () => withDescriptor(at(path), 'r', fsyncSync));
    },
    lock: (path) => lockDirectory(at(path)),
  };
}
