import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lockDirectory } from '../../src/disk/directory-lock.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));

const kind = (expected: string) => (error: unknown) =>
  (error as { kind?: string }).kind === expected;

test('the lock of another process holds until that process is killed', async () => {
  using directory = temporaryDirectory();
  const child = spawn(process.execPath, [holder, directory.path]);
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += String(chunk);
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  assert.throws(() => lockDirectory(directory.path), kind('locked'));
  assert.throws(() => lockDirectory(directory.path), /a running node uses this directory/);
  child.kill('SIGKILL');
  await ended;
  lockDirectory(directory.path).release();
  assert.equal(complaints, '', 'loading SQLite prints no warning');
});

test('a lock nobody refers to any more still holds, and leaves one empty file', () => {
  using directory = temporaryDirectory();
  lockDirectory(directory.path);
  assert.throws(() => lockDirectory(directory.path), kind('locked'));
  assert.deepEqual(readdirSync(directory.path), ['.lock']);
  assert.ok(existsSync(join(directory.path, '.lock')));
});

test('a directory that is not there cannot be locked', () => {
  using directory = temporaryDirectory();
  assert.throws(() => lockDirectory(join(directory.path, 'x')), kind('notFound'));
});

test('loading SQLite leaves the process as it was', () => {
  using directory = temporaryDirectory();
  const before = process.emitWarning;
  lockDirectory(directory.path).release();
  assert.equal(process.emitWarning, before);
});
