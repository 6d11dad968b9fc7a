import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectory } from '../src/make-directory.ts';
import { freePorts, runProgram } from './run-program.ts';

test('directories are made with those above them; a file in the way is told of', () => {
  const root = mkdtempSync(join(tmpdir(), 'quorate-make-'));
  try {
    makeDirectory(join(root, 'a', 'b'), 0o700);
    makeDirectory(join(root, 'a', 'b'), 0o700);
    assert.equal(statSync(join(root, 'a')).mode & 0o777, 0o700);
    writeFileSync(join(root, 'file'), '');
    assert.throws(() => makeDirectory(join(root, 'file')), { code: 'EEXIST' });
    assert.throws(() => makeDirectory(join(root, 'file', 'a')), { code: 'EEXIST' });
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a data directory that cannot be made ends the command with the reason', async (context) => {
  if (!existsSync('/proc/self')) {
    context.diagnostic('this system has no /proc');
    return;
  }
  const port = await freePorts([0, 1]);
  const ports = ['--listen-client-urls', `http://127.0.0.1:${port}`];
  ports.push('--listen-peer-urls', `http://127.0.0.1:${port + 1}`);
  const serve = await runProgram(['serve', '--data-dir', '/proc/foo', ...ports]);
  assert.equal(serve.exitCode, 1);
  assert.match(serve.stderr, /could not start: cannot make directory \/proc\/foo: ENOENT/);
  const up = await runProgram(['up', '--data-dir', '/proc/foo/bar']);
  assert.equal(up.exitCode, 1);
  assert.match(up.stderr, /\/proc\/foo/);
});
