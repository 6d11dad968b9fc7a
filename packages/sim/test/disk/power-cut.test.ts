import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileSystemError, Prng } from '@quorate/base';
import { Scheduler, VirtualDisk } from '@quorate/sim';
import { PowerCut } from '../../src/disk/power-cut.ts';

function makeDisk(): VirtualDisk {
  const scheduler = new Scheduler();
  return new VirtualDisk({
    schedule: (delayMs, callback) => void scheduler.schedule(delayMs, callback),
    prng: new Prng(1),
  });
}

test('from the change on at which the power fails every call ends with an error', () => {
  const disk = makeDisk();
  const power = new PowerCut(disk, 3);
  const { blocking } = power.fileSystem;
  blocking.makeDirectory('a');
  blocking.writeFileDurably('a/b', Uint8Array.of(1));
  assert.equal(power.isStruck, false);
  assert.throws(() => blocking.syncDirectory('a'), FileSystemError);
  assert.ok(power.isStruck);
  assert.throws(() => blocking.list('a'), FileSystemError);
  disk.crash();
  assert.deepEqual(makeDisk().blocking.list('.'), []);
});

test('a power that does not fail changes nothing', () => {
  const disk = makeDisk();
  const { blocking } = new PowerCut(disk, Number.POSITIVE_INFINITY).fileSystem;
  blocking.writeFileDurably('a', Uint8Array.of(1, 2));
  blocking.rename('a', 'b');
  blocking.syncDirectory('.');
  disk.crash();
  assert.deepEqual([...disk.blocking.readFile('b')], [1, 2]);
});
