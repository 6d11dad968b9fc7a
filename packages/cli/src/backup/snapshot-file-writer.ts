import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../cli-error.ts';

/** So much is written before it is made durable, so that the end is no sync of seconds. */
const unsyncedBytes = 32 * 1024 * 1024;

/**
 * Writes a file that is there as a whole or not at all: beside, as FILE.part, until `commit`. The
 * calls block, which holds back whoever sends.
 */
export class SnapshotFileWriter {
  readonly #path: string;
  readonly #part: string;
  readonly #isForced: boolean;
  readonly #fd: number;
  #unsynced = 0;
  #isOpen = true;

  /**
   * @param isForced replace a file that is there
   * @throws CliError CLI_SNAPSHOT_FAILED, or the system's error
   */
  constructor(path: string, isForced: boolean) {
    this.#path = path;
    this.#part = `${path}.part`;
    this.#isForced = isForced;
    this.#refuseExisting();
    this.#fd = openSync(this.#part, 'w', 0o600);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#unsynced += bytes.length;
    if (this.#unsynced < unsyncedBytes) return;
    this.#unsynced = 0;
    fsyncSync(this.#fd);
  }

  /** On return the file is durable, and has its name. */
  commit(): void {
    fsyncSync(this.#fd);
    this.#close();
    this.#refuseExisting();
    renameSync(this.#part, this.#path);
    const directory = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }

  /** Leaves nothing behind. */
  abort(): void {
    this.#close();
    try {
      unlinkSync(this.#part);
    } catch {
      // It may have its name already, or never have been there.
    }
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  #refuseExisting(): void {
    if (this.#isForced || !existsSync(this.#path)) return;
    const message = `${this.#path} is there already; name a new file, or replace it by --force`;
    throw new CliError('CLI_SNAPSHOT_FAILED', message, { cause: 'EEXIST' });
  }
}
