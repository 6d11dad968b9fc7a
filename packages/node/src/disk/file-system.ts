import { close, fstat, fsync, open, rename, stat, unlink } from 'node:fs';
import { resolve } from 'node:path';
import type { Completion, File, FileSystem, ResultCompletion } from '@quorate/base';
import { createBlockingFileSystem } from './blocking-file-system.ts';
import { DiskThread } from './disk-thread.ts';
import { DiskFile } from './file.ts';
import { fileSystemError } from './file-system-failure.ts';
import { fileMode } from './modes.ts';

type Callback = (failure: NodeJS.ErrnoException | null) => void;

/** The real disk, with the thread it owns. */
export interface RealFileSystem extends FileSystem {
  /** Ends the disk thread. Close the files first: what is under way fails. */
  dispose(): Promise<void>;
}

/**
 * The file system that a node uses; also for tests of a state machine that keeps files.
 *
 * @param root absolute; what relative paths are relative to, absolute ones being left alone
 */
export function createFileSystem(root: string): RealFileSystem {
  const thread = new DiskThread();
  const at = (path: string): string => resolve(root, path);

  /** Fails without a try once the disk thread has ended; gives failures the port's form. */
  const carryOut = (
    action: string,
    path: string,
    done: Completion,
    step: (finished: Callback) => void,
  ): void => {
    if (thread.death !== null) {
      setImmediate(done, fileSystemError(action, path, thread.death));
      return;
    }
    step((failure) => done(failure === null ? null : fileSystemError(action, path, failure)));
  };

  const openFile = (
    action: string,
    path: string,
    flags: string,
    done: ResultCompletion<File>,
  ): void => {
    let file: File | null = null;
    const whenDone: Completion = (error) => done(error, error === null ? file : null);
    carryOut(action, path, whenDone, (finished) => {
      openDescriptor(at(path), flags, (failure, descriptor, size) => {
        if (failure === null) file = new DiskFile(path, descriptor, size, thread);
        finished(failure);
      });
    });
  };

  return {
    blocking: createBlockingFileSystem(
      root,
      (path, descriptor, size) => new DiskFile(path, descriptor, size, thread),
    ),
    create: (path, done) => openFile('create', path, 'wx+', done),
    open: (path, done) => openFile('open', path, 'r+', done),
    size(path, done) {
      let bytes = 0;
      const whenDone: Completion = (error) => done(error, error === null ? bytes : null);
      carryOut('measure', path, whenDone, (finished) => {
        stat(at(path), (failure, stats) => {
          if (failure === null) bytes = stats.size;
          finished(failure);
        });
      });
    },
    rename(from, to, done) {
      carryOut('rename', from, done, (finished) => rename(at(from), at(to), finished));
    },
    remove(path, done) {
      carryOut('remove', path, done, (finished) => unlink(at(path), finished));
    },
    syncDirectory(path, done) {
      carryOut('sync directory', path, done, (finished) => syncDirectory(at(path), finished));
    },
    dispose: () => thread.close(),
  };
}

function openDescriptor(
  path: string,
  flags: string,
  done: (failure: NodeJS.ErrnoException | null, descriptor: number, size: number) => void,
): void {
  open(path, flags, fileMode, (failure, descriptor) => {
    if (failure !== null) {
      done(failure, 0, 0);
      return;
    }
    fstat(descriptor, (statFailure, stats) => {
      if (statFailure === null) done(null, descriptor, stats.size);
      else close(descriptor, () => done(statFailure, 0, 0));
    });
  });
}

function syncDirectory(path: string, done: Callback): void {
  open(path, 'r', (failure, descriptor) => {
    if (failure !== null) {
      done(failure);
      return;
    }
    fsync(descriptor, (syncFailure) => {
      close(descriptor, (closeFailure) => done(syncFailure ?? closeFailure));
    });
  });
}
