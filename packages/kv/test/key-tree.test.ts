import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, Prng } from '@quorate/base';
import { KeyEntry } from '../src/key-entry.ts';
import { keyInterval } from '../src/key-range.ts';
import { KeyTree } from '../src/key-tree.ts';
import { StoredVersion } from '../src/stored-version.ts';
import { ValueArena } from '../src/value-arena.ts';
import { bytes, text } from './requests.ts';

const arena = new ValueArena();

function entryOf(key: string): KeyEntry {
  const entry = new KeyEntry(0, new StoredVersion(1, 1, 1, 0n));
  arena.store(entry, bytes(key));
  return entry;
}

/** Keeps the tree and a sorted array in step. */
class Pair {
  readonly tree = new KeyTree();
  entries: KeyEntry[] = [];
  #revision = 1;

  toggle(key: string): void {
    const entry = this.tree.get(bytes(key));
    if (entry === undefined) {
      const created = entryOf(key);
      this.tree.insert(created);
      this.entries.push(created);
      this.entries.sort((a, b) => compareBytes(a.key, b.key));
      return;
    }
    this.#revision++;
    const version = entry.live ? 0 : 1;
    entry.push(new StoredVersion(0, this.#revision, version, 0n));
    this.tree.changeLive(entry.key, version === 0 ? -1 : 1);
  }

  removeDead(key: string): void {
    const entry = this.tree.get(bytes(key));
    if (entry === undefined) return;
    if (entry.live) this.toggle(key);
    this.tree.remove(entry);
    this.entries = this.entries.filter((one) => one !== entry);
  }

  check(key: string, rangeEnd: string): void {
    const interval = keyInterval({ key: bytes(key), rangeEnd: bytes(rangeEnd) });
    const end = interval.end;
    const within = this.entries.filter(
      (entry) =>
        compareBytes(entry.key, interval.start) >= 0 &&
        (end === null || compareBytes(entry.key, end) < 0),
    );
    const live = within.filter((entry) => entry.live);
    assert.equal(this.tree.countLive(interval), live.length);
    for (const skipDead of [false, true]) {
      const expected = skipDead ? live : within;
      const up: KeyEntry[] = [];
      const down: KeyEntry[] = [];
      const collect = (into: KeyEntry[]) => (entry: KeyEntry) => {
        if (!skipDead || entry.live) into.push(entry);
        return into.length < 5 || skipDead;
      };
      this.tree.ascend(interval, skipDead, collect(up));
      this.tree.descend(interval, skipDead, collect(down));
      const most = skipDead ? expected.length : 5;
      assert.deepEqual(up.map(keyOf), expected.slice(0, most).map(keyOf));
      assert.deepEqual(down.map(keyOf), expected.toReversed().slice(0, most).map(keyOf));
    }
    assert.equal(this.tree.size, this.entries.length);
    assert.equal(this.tree.live, this.entries.filter((entry) => entry.live).length);
  }
}

function keyOf(entry: KeyEntry): string {
  return text(entry.key);
}

/** Keys that share long beginnings, differ only in zeros at the end, or in their first byte. */
function randomKey(prng: Prng): string {
  const kind = prng.below(4);
  if (kind === 0) return `a long common beginning/${prng.below(700)}`;
  if (kind === 1) return `zeros${'\0'.repeat(prng.below(40))}`;
  if (kind === 2) return String.fromCharCode(prng.below(256), prng.below(4));
  return `${prng.below(1000)}${'x'.repeat(prng.below(3))}`;
}

test('the tree agrees with a sorted array while keys come, die, return and go', () => {
  for (const seed of [1, 2, 3]) {
    const prng = new Prng(seed);
    const pair = new Pair();
    for (let step = 0; step < 6000; step++) {
      const growing = Math.floor(step / 1500) % 2 === 0;
      if (prng.chance(growing ? 0.8 : 0.2)) pair.toggle(randomKey(prng));
      else if (pair.entries.length > 0) pair.removeDead(keyOf(prng.pick(pair.entries)));
      if (step % 20 === 0) pair.check(randomKey(prng), prng.chance(0.3) ? '\0' : randomKey(prng));
    }
    pair.check('\0', '\0');
    while (pair.entries.length > 0) pair.removeDead(keyOf(prng.pick(pair.entries)));
    pair.check('\0', '\0');
    pair.toggle('again');
    pair.check('\0', '\0');
  }
});

test('keys in rising or falling order are found, and removed from either end', () => {
  const names = Array.from({ length: 5000 }, (_, i) => `key/${String(i).padStart(8, '0')}`);
  for (const order of [names, names.toReversed()]) {
    const tree = new KeyTree();
    for (const name of order) {
      tree.insert(entryOf(name));
    }
    for (const [i, name] of names.entries()) {
      assert.equal(text(tree.get(bytes(name))?.key ?? bytes('')), name);
      const interval = { start: bytes(name), end: null };
      assert.equal(tree.countLive(interval), names.length - i);
    }
    for (const name of names) {
      const entry = tree.get(bytes(name));
      assert.ok(entry !== undefined);
      entry.push(new StoredVersion(0, 2, 0, 0n));
      tree.changeLive(entry.key, -1);
      tree.remove(entry);
    }
    assert.deepEqual([tree.size, tree.live], [0, 0]);
  }
});
