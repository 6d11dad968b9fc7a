import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Writes a small file that is there as before or as a whole: beside, then renamed. */
export function replaceFile(path: string, text: string): void {
  const beside = `${path}.new`;
  const fd = openSync(beside, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, path);
}
