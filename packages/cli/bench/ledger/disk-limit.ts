import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const measuredMs = 1000;

/** What writing a mebibyte at a time and syncing each reaches on this disk now, in MB/s. */
export function diskLimit(directory: string): number {
  const path = join(directory, 'limit');
  const file = openSync(path, 'w');
  const block = new Uint8Array(1024 * 1024).fill(7);
  const startedMs = performance.now();
  let bytes = 0;
  while (performance.now() - startedMs < measuredMs) {
    writeSync(file, block);
    fdatasyncSync(file);
    bytes += block.length;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  closeSync(file);
  rmSync(path);
  return bytes / 1e6 / seconds;
}
