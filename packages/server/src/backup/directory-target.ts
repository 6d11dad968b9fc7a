import { createReadStream, type Dirent } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupTarget, StoredFile } from './backup-target.ts';

function emptyWhenMissing(error: NodeJS.ErrnoException): Dirent[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function fineWhenThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** A directory, of this machine or mounted. */
export class DirectoryTarget implements BackupTarget {
  readonly description: string;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.description = path;
  }

  async list(): Promise<readonly StoredFile[]> {
    const entries = await readdir(this.#path, { withFileTypes: true }).catch(emptyWhenMissing);
    const files = entries.filter((entry) => entry.isFile());
    return Promise.all(
      files.map(async ({ name }) => ({ name, bytes: (await stat(this.#at(name))).size })),
    );
  }

  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    // Not its parents: where they are missing, something is not mounted.
    await mkdir(this.#path, { mode: 0o700 }).catch(fineWhenThere);
    const part = this.#at(`${name}.part`);
    const file = await open(part, 'w', 0o600);
    try {
      try {
        for await (const piece of pieces) await file.writeFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, this.#at(name));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    const directory = await open(this.#path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  read(name: string): AsyncIterable<Uint8Array> {
    return createReadStream(this.#at(name), { highWaterMark: 1024 * 1024 });
  }

  remove(name: string): Promise<void> {
    return unlink(this.#at(name));
  }

  #at(name: string): string {
    return join(this.#path, name);
  }
}
