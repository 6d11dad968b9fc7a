import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { File } from '@quorate/base';
import { createFileSystem } from '../../src/disk/file-system.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { testFileSystemContract } from './file-system-contract.ts';
import { completion, result } from './promised.ts';

testFileSystemContract(() => {
  const directory = temporaryDirectory();
  const fileSystem = createFileSystem(directory.path);
  return {
    fileSystem,
    async dispose(): Promise<void> {
      await fileSystem.dispose();
      directory[Symbol.dispose]();
    },
  };
});

const kind = (expected: string) => (error: unknown) =>
  (error as { kind?: string }).kind === expected;

test('absolute paths are taken as they are, and files are private', async () => {
  using directory = temporaryDirectory();
  const fileSystem = createFileSystem('/nonexistent');
  const path = join(directory.path, 'a');
  const file = await result<File>((done) => fileSystem.create(path, done));
  assert.equal(file.path, path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await completion((done) => file.close(done));
  await fileSystem.dispose();
});

test('when the disk thread ends, all that is under way or follows fails with io', async () => {
  using directory = temporaryDirectory();
  const fileSystem = createFileSystem(directory.path);
  const file = await result<File>((done) => fileSystem.create('a', done));
  const chunk = new Uint8Array(4_000_000);
  const writes = [0, 1, 2].map((i) =>
    completion((done) => file.writeDurably(i * chunk.length, [chunk], done)),
  );
  const settled = Promise.allSettled(writes);
  await fileSystem.dispose();
  const last = (await settled).at(-1);
  assert.ok(last?.status === 'rejected' && kind('io')(last.reason), 'the last write was cut off');
  await assert.rejects(
    completion((done) => file.writeDurably(0, [chunk], done)),
    kind('io'),
  );
  await assert.rejects(
    completion((done) => file.write(0, [chunk], done)),
    kind('io'),
  );
  await assert.rejects(
    result((done) => file.read(0, 1, done)),
    kind('io'),
  );
  await assert.rejects(
    result((done) => fileSystem.create('b', done)),
    kind('io'),
  );
  await completion((done) => file.close(done));
});

test('a full disk is told as such by the disk thread', async (context) => {
  const fileSystem = createFileSystem('/');
  const full = await result<File>((done) => fileSystem.open('dev/full', done)).catch(() => null);
  if (full === null) context.diagnostic('this system has no /dev/full');
  else {
    const chunk = new Uint8Array(100);
    await assert.rejects(
      completion((done) => full.writeDurably(0, [chunk], done)),
      kind('full'),
    );
    await assert.rejects(
      completion((done) => full.write(0, [chunk], done)),
      kind('full'),
    );
    await completion((done) => full.close(done));
  }
  await fileSystem.dispose();
});
