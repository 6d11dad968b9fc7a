import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { File, FileSystem } from '@quorate/base';
import { concatBytes } from '@quorate/base';
import { completion, result } from './promised.ts';

/** A file system whose relative paths lie in an empty directory. */
export interface FileSystemUnderTest {
  readonly fileSystem: FileSystem;
  dispose(): Promise<void>;
}

function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 17 + (i >>> 8)) & 0xff;
  return bytes;
}

const kind = (expected: string) => (error: unknown) =>
  (error as { kind?: string }).kind === expected;

async function withFile(
  open: () => FileSystemUnderTest,
  work: (file: File, fileSystem: FileSystem) => Promise<void>,
): Promise<void> {
  const under = open();
  try {
    const file = await result<File>((done) => under.fileSystem.create('a', done));
    await work(file, under.fileSystem);
  } finally {
    await under.dispose();
  }
}

function contentTests(open: () => FileSystemUnderTest): void {
  test('what is written is read back, chunk borders not visible', async () => {
    await withFile(open, async (file, fileSystem) => {
      const chunks = [pattern(10, 1), new Uint8Array(0), pattern(5000, 2)];
      await completion((done) => file.write(0, chunks, done));
      await completion((done) => file.writeDurably(5010, [pattern(7, 3)], done));
      const all = await result<Uint8Array>((done) => file.read(0, 6000, done));
      assert.deepEqual(all, concatBytes([...chunks, pattern(7, 3)]));
      assert.equal(await result<number>((done) => fileSystem.size('a', done)), 5017);
      await completion((done) => file.sync(done));
      await completion((done) => file.close(done));
    });
  });

  test('a read at the end of the file is short, beyond it empty', async () => {
    await withFile(open, async (file) => {
      await completion((done) => file.write(0, [pattern(100, 1)], done));
      const tail = await result<Uint8Array>((done) => file.read(90, 100, done));
      assert.deepEqual(tail, pattern(100, 1).subarray(90));
      const nothing = await result<Uint8Array>((done) => file.read(100, 10, done));
      assert.equal(nothing.length, 0);
    });
  });

  test('a write of many megabytes arrives whole, others in flight around it', async () => {
    await withFile(open, async (file) => {
      const sizes = [3, 700_001, 262_144, 5_000_000, 1, 0, 300_000];
      const parts = sizes.map((size, i) => pattern(size, i));
      let offset = 0;
      const writes = parts.map((part) => {
        const at = offset;
        offset += part.length;
        const middle = part.length >>> 1;
        const chunks = [part.subarray(0, middle), part.subarray(middle)];
        return completion((done) => file.writeDurably(at, chunks, done));
      });
      await Promise.all(writes);
      const all = await result<Uint8Array>((done) => file.read(0, offset + 1, done));
      assert.ok(Buffer.from(all).equals(concatBytes(parts)));
    });
  });
}

function blockingReadTests(open: () => FileSystemUnderTest): void {
  test('a blocking read sees what was written, synced or not; it is short at the end', async () => {
    await withFile(open, async (file) => {
      await completion((done) => file.write(0, [pattern(100, 1)], done));
      assert.deepEqual(file.readNow(0, 100), pattern(100, 1));
      assert.deepEqual(file.readNow(90, 100), pattern(100, 1).subarray(90));
      assert.deepEqual(file.readNow(100, 10), new Uint8Array(0));
      assert.deepEqual(file.readNow(1000, 10), new Uint8Array(0));
      assert.deepEqual(file.readNow(7, 0), new Uint8Array(0));
      await completion((done) => file.writeDurably(50, [pattern(70, 2)], done));
      const both = concatBytes([pattern(100, 1).subarray(0, 50), pattern(70, 2)]);
      assert.deepEqual(file.readNow(0, 120), both);
    });
  });

  test("what a blocking read answers is the caller's", async () => {
    await withFile(open, async (file) => {
      await completion((done) => file.write(0, [pattern(100, 1)], done));
      file.readNow(0, 100).fill(0);
      assert.deepEqual(file.readNow(0, 100), pattern(100, 1));
    });
  });

  test('a closed file refuses a blocking read, at once', async () => {
    await withFile(open, async (file) => {
      await completion((done) => file.write(0, [pattern(10, 1)], done));
      const closed = completion((done) => file.close(done));
      assert.throws(() => file.readNow(0, 1), kind('closed'));
      await closed;
      assert.throws(() => file.readNow(0, 1), kind('closed'));
    });
  });

  test('a file that is opened by a blocking call is like any other', async () => {
    await withFile(open, async (other, fileSystem) => {
      await completion((done) => other.write(0, [pattern(100, 1)], done));
      const file = fileSystem.blocking.openFile('a');
      assert.equal(file.path, 'a');
      assert.deepEqual(file.readNow(0, 1000), pattern(100, 1));
      await completion((done) => file.write(100, [pattern(50, 2)], done));
      await completion((done) => file.writeDurably(90, [pattern(5, 3)], done));
      const all = concatBytes([pattern(100, 1), pattern(50, 2)]);
      all.set(pattern(5, 3), 90);
      assert.deepEqual(other.readNow(0, 1000), all);
      assert.deepEqual(await result<Uint8Array>((done) => file.read(0, 1000, done)), all);
      await completion((done) => file.close(done));
      assert.deepEqual(other.readNow(0, 1), all.subarray(0, 1));
      assert.throws(() => fileSystem.blocking.openFile('b'), kind('notFound'));
    });
  });

  test('a file that was removed is read until it is closed', async () => {
    await withFile(open, async (file, fileSystem) => {
      await completion((done) => file.writeDurably(0, [pattern(10, 1)], done));
      await completion((done) => fileSystem.remove('a', done));
      assert.deepEqual(file.readNow(0, 10), pattern(10, 1));
      assert.throws(() => fileSystem.blocking.openFile('a'), kind('notFound'));
    });
  });
}

function orderTests(open: () => FileSystemUnderTest): void {
  test('operations on one file take effect in the order of submission', async () => {
    await withFile(open, async (file) => {
      const seen: string[] = [];
      const reads: Uint8Array[] = [];
      await new Promise<void>((fulfil) => {
        for (let round = 0; round < 20; round++) {
          file.write(0, [pattern(64, round)], () => seen.push(`write ${round}`));
          file.writeDurably(32, [pattern(32, round + 100)], () => seen.push(`durable ${round}`));
          file.read(0, 64, (_, bytes) => {
            seen.push(`read ${round}`);
            if (bytes !== null) reads.push(bytes);
          });
        }
        file.close(() => fulfil());
      });
      const rounds = Array.from({ length: 20 }, (_, round) => round);
      assert.deepEqual(
        reads,
        rounds.map((round) => concatBytes([pattern(32, round), pattern(32, round + 100)])),
      );
      const expected = rounds.flatMap((r) => [`write ${r}`, `durable ${r}`, `read ${r}`]);
      assert.deepEqual(seen, expected);
    });
  });

  test('a read before an append does not see it', async () => {
    await withFile(open, async (file) => {
      const short = result<Uint8Array>((done) => file.read(0, 10, done));
      await completion((done) => file.writeDurably(0, [pattern(10, 1)], done));
      assert.equal((await short).length, 0);
    });
  });

  test('a closed file refuses further work', async () => {
    await withFile(open, async (file) => {
      await completion((done) => file.close(done));
      await assert.rejects(
        completion((done) => file.sync(done)),
        kind('closed'),
      );
      await assert.rejects(
        completion((done) => file.close(done)),
        kind('closed'),
      );
      await assert.rejects(
        result((done) => file.read(0, 1, done)),
        kind('closed'),
      );
    });
  });

  test('no completion runs inside the call that submits', async () => {
    await withFile(open, async (file) => {
      let inside = true;
      const ended: boolean[] = [];
      await new Promise<void>((fulfil) => {
        file.write(0, [], () => ended.push(inside));
        file.writeDurably(0, [], () => ended.push(inside));
        file.read(0, 0, () => ended.push(inside));
        file.close(() => ended.push(inside));
        file.sync(() => ended.push(inside));
        inside = false;
        file.sync(() => setImmediate(fulfil));
      });
      while (ended.length < 5) await new Promise((fulfil) => setImmediate(fulfil));
      assert.deepEqual(ended, [false, false, false, false, false]);
    });
  });
}

function directoryTests(open: () => FileSystemUnderTest): void {
  test('create refuses an existing file, open a missing one', async () => {
    await withFile(open, async (_, fileSystem) => {
      await assert.rejects(
        result((done) => fileSystem.create('a', done)),
        kind('exists'),
      );
      await assert.rejects(
        result((done) => fileSystem.open('b', done)),
        kind('notFound'),
      );
      await assert.rejects(
        result((done) => fileSystem.size('b', done)),
        kind('notFound'),
      );
      await assert.rejects(
        completion((done) => fileSystem.remove('b', done)),
        kind('notFound'),
      );
    });
  });

  test('rename replaces, remove removes, both by submission and blocking', async () => {
    const under = open();
    const { blocking } = under.fileSystem;
    blocking.makeDirectory('d/e');
    blocking.makeDirectory('d/e');
    blocking.writeFileDurably('d/e/x', pattern(10, 1));
    blocking.writeFileDurably('d/e/x', pattern(5, 2));
    blocking.overwriteDurably('d/e/x', 4, pattern(3, 3));
    const expected = concatBytes([pattern(5, 2).subarray(0, 4), pattern(3, 3)]);
    assert.deepEqual(blocking.readFile('d/e/x'), expected);
    blocking.rename('d/e/x', 'd/e/y');
    await completion((done) => under.fileSystem.rename('d/e/y', 'd/e/Z', done));
    blocking.writeFileDurably('d/e/b', pattern(1, 1));
    assert.deepEqual(blocking.list('d/e'), ['Z', 'b']);
    await completion((done) => under.fileSystem.remove('d/e/Z', done));
    blocking.remove('d/e/b');
    blocking.syncDirectory('d/e');
    await completion((done) => under.fileSystem.syncDirectory('d/e', done));
    assert.deepEqual(blocking.list('d/e'), []);
    assert.throws(() => blocking.list('nowhere'), kind('notFound'));
    assert.throws(() => blocking.readFile('d/e/b'), kind('notFound'));
    await under.dispose();
  });

  test('a directory has one lock, which can be taken again after its release', async () => {
    const under = open();
    const { blocking } = under.fileSystem;
    blocking.makeDirectory('d');
    const lock = blocking.lock('d');
    assert.throws(() => blocking.lock('d'), kind('locked'));
    assert.deepEqual(blocking.list('d'), []);
    lock.release();
    lock.release();
    blocking.lock('d').release();
    await under.dispose();
  });
}

/** What any implementation of the file-system port does. */
export function testFileSystemContract(open: () => FileSystemUnderTest): void {
  contentTests(open);
  blockingReadTests(open);
  orderTests(open);
  directoryTests(open);
}
