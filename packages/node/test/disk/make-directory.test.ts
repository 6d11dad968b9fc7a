import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFileSystem } from '../../src/disk/file-system.ts';
import { makeDirectory } from '../../src/disk/make-directory.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

test('what is missing above is made too, and what is there is fine', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'a', 'b', 'c');
  makeDirectory(path, 0o700);
  assert.equal(statSync(join(directory.path, 'a')).mode & 0o777, 0o700);
  makeDirectory(path, 0o700);
  assert.ok(statSync(path).isDirectory());
  makeDirectory(`${path}/d/`);
  assert.ok(statSync(join(path, 'd')).isDirectory());
  makeDirectory('/');
});

test('a file in the way is told of', () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  assert.throws(() => makeDirectory(file), { code: 'EEXIST' });
  assert.throws(() => makeDirectory(join(file, 'a', 'b')), { code: 'ENOTDIR' });
});

/** In a process of its own: one that never returned could not be interrupted here. */
function within(milliseconds: number, path: string): { isLate: boolean; said: string } {
  const module = new URL('../../src/disk/blocking-file-system.ts', import.meta.url).href;
  const program =
    `import { createBlockingFileSystem } from '${module}';\n` +
    `try { createBlockingFileSystem('/').makeDirectory(${JSON.stringify(path)}); }\n` +
    "catch (error) { console.log(error.kind + ': ' + error.message); }";
  const arguments_ = ['--input-type=module', '--eval', program];
  const ended = spawnSync(process.execPath, arguments_, { timeout: milliseconds });
  return { isLate: ended.signal !== null, said: ended.stdout.toString() };
}

test('where nothing can be made it ends, with the path and the reason', (context) => {
  if (!existsSync('/proc/self')) {
    context.diagnostic('this system has no /proc');
    return;
  }
  for (const path of ['/proc/foo', '/proc/foo/bar/baz']) {
    const { isLate, said } = within(20_000, path);
    assert.equal(isLate, false, 'it returned');
    assert.match(said, /^notFound: cannot make directory \/proc\/foo.*ENOENT.*mkdir '\/proc\/foo'/);
  }
});

test('what may not be written to is told of', (context) => {
  if (process.getuid?.() === 0) {
    context.diagnostic('the superuser may write everywhere');
    return;
  }
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o500);
  const { blocking } = createFileSystem(directory.path);
  assert.throws(
    () => blocking.makeDirectory('a/b'),
    (error) => (error as { kind?: string }).kind === 'permission',
  );
});
