import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type RecoveredNote, writeRecovered } from '../../src/restore/recovered-note.ts';
import {
  type DirectoryDisk,
  directoryDisk,
  finishReplacing,
  isReplacing,
  replaceState,
} from '../../src/restore/replace-directory.ts';

const parts = ['identity', 'log-begun', 'snapshots', 'wal'];

const note: RecoveredNote = {
  clusterId: '00000000000000aa',
  fromClusterId: '00000000000000bb',
  memberId: '8000000000000001',
  lastIndex: 10,
  lastTerm: 2,
  commitIndex: 9,
  revision: 5,
  bumpRevision: 0,
  lostVoters: [],
  keptIn: 'before-recovery-00000000000000aa',
  at: '2026-01-01T00:00:00.000Z',
};

/** Changes so many things, and from then on nothing, as after the end of the process. */
function diskUntil(steps: number): DirectoryDisk & { readonly isDead: boolean } {
  let left = steps;
  let isDead = false;
  const step = (act: () => void): void => {
    isDead ||= left === 0;
    if (isDead) throw new Error('killed');
    left -= 1;
    act();
  };
  return {
    get isDead() {
      return isDead;
    },
    rename: (from, to) => step(() => directoryDisk.rename(from, to)),
    make: (path) => step(() => directoryDisk.make(path)),
    // It changes nothing that a process could see.
    sync: () => undefined,
    remove: (path) => step(() => directoryDisk.remove(path)),
  };
}

/** Files in place of a log and snapshots: only where they are matters. */
async function writeState(directory: string, whose: string): Promise<void> {
  for (const name of ['wal', 'snapshots']) {
    await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, name, 'content'), whose);
  }
  for (const name of ['log-begun', 'identity']) await writeFile(join(directory, name), whose);
}

/** Whose each part of the state is; they are all the same in a state. */
async function ownersOf(directory: string): Promise<string[]> {
  const contents = parts.map((part) => {
    const isFolder = part === 'wal' || part === 'snapshots';
    return readFile(join(directory, part, isFolder ? 'content' : ''), 'utf8').catch(() => 'nobody');
  });
  return [...new Set(await Promise.all(contents))];
}

async function inScratch(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'quorate-replace-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function replace(directory: string, disk: DirectoryDisk): Promise<void> {
  const make = async (hidden: string): Promise<void> => {
    await writeState(hidden, 'new');
    writeRecovered(hidden, note);
  };
  await replaceState(directory, make, disk).catch((error: Error) => {
    assert.equal(error.message, 'killed');
  });
}

/** @returns 'old' or 'new', once everything that a start does is done */
async function settled(directory: string): Promise<string> {
  if (!isReplacing(directory)) {
    const owners = await ownersOf(directory);
    assert.equal(owners.length, 1);
    return owners[0] ?? '';
  }
  // What has an identity has all of its parts.
  const identity = await readFile(join(directory, 'identity'), 'utf8').catch(() => null);
  if (identity !== null) assert.deepEqual(await ownersOf(directory), [identity]);
  finishReplacing(directory, directoryDisk);
  assert.deepEqual(await ownersOf(directory), ['new']);
  return 'new';
}

async function checkNew(directory: string): Promise<void> {
  assert.deepEqual(await readdir(directory), [note.keptIn, ...parts, 'recovered'].toSorted());
  const kept = join(directory, note.keptIn);
  assert.deepEqual(await ownersOf(kept), ['old']);
  assert.deepEqual(await readdir(kept), [...parts, 'restored'].toSorted());
}

test('a state that is replaced is the old one or the new one, wherever it ends', () =>
  inScratch(async (scratch) => {
    const old = join(scratch, 'old');
    await writeState(old, 'old');
    await writeFile(join(old, 'restored'), 'old');
    const seen: string[] = [];
    for (let steps = 0, isOver = false; !isOver; steps++) {
      const directory = join(scratch, `${steps}`);
      cpSync(old, directory, { recursive: true });
      const disk = diskUntil(steps);
      await replace(directory, disk);
      isOver = !disk.isDead;
      // Each time that it is gone on with, it is killed a step later.
      for (let more = 0, isKilled = isReplacing(directory); isKilled; more++) {
        const copy = join(scratch, `${steps}-${more}`);
        cpSync(directory, copy, { recursive: true });
        const next = diskUntil(more);
        try {
          finishReplacing(copy, next);
        } catch {
          assert.ok(next.isDead);
        }
        isKilled = next.isDead;
        assert.equal(await settled(copy), 'new');
        await checkNew(copy);
      }
      seen.push(await settled(directory));
      if (seen.at(-1) === 'new') await checkNew(directory);
    }
    assert.equal(seen.lastIndexOf('old') + 1, seen.indexOf('new'));
    assert.ok(seen.indexOf('new') > 1 && seen.length > 12, seen.join(' '));
  }));

test('what an attempt has left does no harm, and what is not ours is not touched', () =>
  inScratch(async (directory) => {
    await writeState(directory, 'old');
    await mkdir(join(directory, '.recovering', 'wal'), { recursive: true });
    await mkdir(join(directory, 'recovery'));
    assert.equal(isReplacing(directory), false);
    finishReplacing(directory, directoryDisk);
    assert.deepEqual(await ownersOf(directory), ['old']);
    await rm(join(directory, 'recovery'), { recursive: true });
    await replace(directory, directoryDisk);
    assert.deepEqual(await ownersOf(directory), ['new']);
  }));
