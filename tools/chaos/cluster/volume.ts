import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const volumeMebibytes = 320;
const blockBytes = 1024 * 1024;
const leastBlockBytes = 4096;

/**
 * A member's disk: a small file system in memory where the system lets us mount one, which can then
 * be full; else a plain directory, which cannot.
 */
export class Volume {
  readonly directory: string;
  /** Whether it is a file system of its own. */
  readonly canBeFull: boolean;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    const options = `size=${volumeMebibytes}m,mode=700`;
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'chaos', directory]);
    this.canBeFull = mounted.status === 0;
  }

  /** Takes all the space that is left. */
  fill(): void {
    if (!this.canBeFull) return;
    const descriptor = openSync(this.#ballast, 'a');
    try {
      for (let bytes = blockBytes; bytes >= leastBlockBytes; bytes /= 2) {
        writeUntilRefused(descriptor, Buffer.alloc(bytes));
      }
    } finally {
      closeSync(descriptor);
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** The directory is left, empty, for who has made the one around it. */
  unmount(): void {
    if (this.canBeFull) spawnSync('umount', ['-l', this.directory]);
  }

  get #ballast(): string {
    return join(this.directory, 'ballast');
  }
}

function writeUntilRefused(descriptor: number, block: Buffer): void {
  try {
    for (;;) if (writeSync(descriptor, block) < block.length) return;
  } catch {
    // ENOSPC: that was the aim.
  }
}
