import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('clusters leave no socket, timer, listener or file behind, and the process ends', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'quorate-nothing-'));
  try {
    const program = join(import.meta.dirname, 'leave-nothing.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      env: { ...process.env, TMPDIR: temporary },
      timeout: 60_000,
    });
    const { before, after } = JSON.parse(stdout);
    assert.deepEqual(after, before);
    assert.deepEqual(await readdir(temporary), []);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
