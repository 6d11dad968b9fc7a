import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { portableChecksum, silentLogger } from '@quorate/base';
import { createFileSystem, timers } from '@quorate/node';
import { FileParts } from '../../src/parts/file-parts.ts';
import { PartLane, type PartPlace } from '../../src/parts/part-store.ts';
import { bytesOf } from './parts-disk.ts';

interface Put {
  readonly place: PartPlace;
  readonly bytes: Uint8Array;
}

/** A directory on this machine, and parts in it as a node opens them. */
class RealDisk {
  readonly directory = mkdtempSync(join(tmpdir(), 'quorate-parts-'));
  readonly #fileSystem = createFileSystem(this.directory);
  readonly #opened: FileParts[] = [];

  constructor(t: TestContext) {
    t.after(async () => {
      for (const parts of this.#opened) await this.close(parts);
      await this.#fileSystem.dispose();
      rmSync(this.directory, { recursive: true });
    });
  }

  open(): FileParts {
    const ports = {
      fileSystem: this.#fileSystem,
      checksum: portableChecksum,
      logger: silentLogger,
      timers,
    };
    const parts = new FileParts({ ports, directory: this.directory });
    this.#opened.push(parts);
    return parts;
  }

  close(parts: FileParts): Promise<void> {
    return new Promise((fulfil) => parts.close(fulfil));
  }

  path(name: string): string {
    return join(this.directory, name);
  }
}

function put(parts: FileParts, lane: PartLane, length: number, seed: number): Put {
  const bytes = bytesOf(length, seed);
  return { place: parts.add(lane, bytes), bytes };
}

function synced(parts: FileParts): Promise<Error | null> {
  return new Promise((fulfil) => parts.sync(fulfil));
}

function assertThere(parts: FileParts, those: readonly Put[]): void {
  for (const { place, bytes } of those) assert.deepEqual(new Uint8Array(parts.read(place)), bytes);
}

test('parts on this machine’s disk are there after the process, and go on behind', async (t) => {
  const disk = new RealDisk(t);
  const before = disk.open();
  const all = [
    put(before, PartLane.history, 300_000, 1),
    put(before, PartLane.history, 7, 2),
    put(before, PartLane.accounts, 5000, 3),
    put(before, PartLane.ids, 1, 4),
  ];
  assertThere(before, all);
  assert.equal(await synced(before), null);
  assert.equal(before.pendingBytes, 0);
  assertThere(before, all);
  put(before, PartLane.history, 1000, 5);
  assert.equal(await synced(before), null);
  await disk.close(before);
  const parts = disk.open();
  assertThere(parts, all);
  const history = all.slice(0, 2).map(({ place }) => place);
  parts.resume(PartLane.history, history);
  const next = put(parts, PartLane.history, 20_000, 6);
  assert.deepEqual([next.place.file, next.place.offset], [history[0]?.file, 300_007]);
  assert.equal(await synced(parts), null);
  await disk.close(parts);
  assertThere(disk.open(), [...all, next]);
  assert.equal(statSync(disk.path('history-1')).size, 320_007);
});

test('a byte that the disk has changed is found, and where', async (t) => {
  const disk = new RealDisk(t);
  const before = disk.open();
  const [sound, broken] = [
    put(before, PartLane.history, 9000, 1),
    put(before, PartLane.history, 9000, 2),
  ];
  assert.equal(await synced(before), null);
  await disk.close(before);
  const bytes = readFileSync(disk.path('history-1'));
  bytes[12_345] = (bytes[12_345] ?? 0) ^ 1;
  writeFileSync(disk.path('history-1'), bytes);
  const parts = disk.open();
  assertThere(parts, [sound]);
  assert.throws(() => parts.read(broken.place), {
    code: 'LEDGER_PART_DAMAGED',
    message: /history-1 at byte 9000 .*checksum/,
  });
  writeFileSync(disk.path('history-1'), bytes.subarray(0, 10_000));
  assert.throws(() => parts.read(broken.place), {
    code: 'LEDGER_PART_DAMAGED',
    message: /history-1 at byte 9000 .*ends/,
  });
});

test('files that are not retained are gone from the disk, the others stay', async (t) => {
  const disk = new RealDisk(t);
  const parts = disk.open();
  const kept = put(parts, PartLane.history, 100, 1);
  const gone = put(parts, PartLane.ids, 100, 2);
  parts.turn(PartLane.ids);
  const late = put(parts, PartLane.ids, 100, 3);
  assert.equal(await synced(parts), null);
  const unpin = parts.pin();
  parts.retain(new Set([kept.place.file, late.place.file]));
  assert.equal(readdirSync(disk.directory).length, 3);
  assertThere(parts, [kept, gone, late]);
  unpin();
  while (readdirSync(disk.directory).length > 2)
    await new Promise((fulfil) => setImmediate(fulfil));
  assert.deepEqual(readdirSync(disk.directory).sort(), ['history-1', 'ids-3']);
  assertThere(parts, [kept, late]);
  await disk.close(parts);
  assertThere(disk.open(), [kept, late]);
});
