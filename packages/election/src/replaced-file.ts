import { existsSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory } from '@quorate/node';

/** Nobody else's business what is in it. */
const fileMode = 0o600;
const directoryMode = 0o700;

/**
 * One file that is replaced as a whole: written under another name, fsynced, renamed, and the
 * directory fsynced. After a crash it is the old one or the new one, so damage found in it is
 * damage to the disk, never a torn write.
 */
export class ReplacedFile {
  readonly path: string;
  readonly #directory: string;
  readonly #temporaryPath: string;

  /** @param directory absolute */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.path = join(directory, name);
    this.#temporaryPath = join(directory, `${name}.new`);
  }

  /** Makes the directory where it is missing, durably. */
  async prepare(): Promise<void> {
    const missing = missingOf(this.#directory);
    makeDirectory(this.#directory, directoryMode);
    for (const made of missing) await syncDirectory(dirname(made));
  }

  /** @returns null when there is none; at most `maxBytes + 1` bytes are looked at */
  async read(maxBytes: number): Promise<Uint8Array | null> {
    try {
      const { size } = await stat(this.path);
      if (size > maxBytes) return new Uint8Array(0);
      return await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async replace(chunks: Iterable<Uint8Array>): Promise<void> {
    const file = await open(this.#temporaryPath, 'w', fileMode);
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#temporaryPath, this.path);
    await syncDirectory(this.#directory);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Itself and what is above it, as far as that is not there; the innermost first. */
function missingOf(directory: string): readonly string[] {
  const missing: string[] = [];
  for (let path = directory; !existsSync(path); path = dirname(path)) missing.push(path);
  return missing;
}
