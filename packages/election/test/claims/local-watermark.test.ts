import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLocalWatermark } from '../../src/claims/index.ts';
import type { Position } from '../../src/core/claims/position.ts';
import { attestation, block, digestOf, keyOf, vote } from './drawn.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const key = keyOf('validator');

function claimed(position: Position, content: number) {
  return { key, position, digest: digestOf(content) };
}

const refused = { code: 'CLAIM_REFUSED' };

describe('a signer’s own watermark', () => {
  it('refuses what claims refuse', async () => {
    using directory = temporaryDirectory();
    await using local = await openLocalWatermark({ directory: directory.path });
    await local.pass(claimed(attestation(5, 10), 1));
    await local.pass(claimed(attestation(5, 10), 1));
    for (const [position, content] of [
      [attestation(5, 10), 2],
      [attestation(6, 9), 1],
      [attestation(4, 11), 1],
      [attestation(6, 10), 1],
    ] as const) {
      await assert.rejects(local.pass(claimed(position, content)), refused);
    }
    await local.pass(claimed(block(3), 1));
    await local.pass(claimed(vote(3, 0, 1), 1));
    await local.pass({ ...claimed(attestation(4, 11), 1), key: keyOf('other') });
    await assert.rejects(local.pass({ ...claimed(block(4), 1), digest: new Uint8Array(31) }), {
      code: 'CLAIM_INVALID',
      metadata: { field: 'digest', reason: 'is no Uint8Array of 32 bytes' },
    });
  });

  it('is on the disk before anything passes', async () => {
    using directory = temporaryDirectory();
    const [here, copy] = [join(directory.path, 'a', 'b'), join(directory.path, 'copy')];
    await using local = await openLocalWatermark({ directory: here });
    for (let slot = 1; slot <= 5; slot++) {
      await local.pass(claimed(block(slot), slot));
      // What a power cut would leave behind, at the latest.
      mkdirSync(copy, { recursive: true });
      cpSync(join(here, 'watermarks'), join(copy, 'watermarks'));
      await using other = await openLocalWatermark({ directory: copy });
      await assert.rejects(other.pass(claimed(block(slot), 99)), refused);
      await assert.rejects(other.pass(claimed(block(slot - 1), 1)), refused);
      await other.pass(claimed(block(slot), slot));
    }
    assert.equal(statSync(join(here, 'watermarks')).mode & 0o777, 0o600);
  });

  it('is written for many at once, and of two with one position lets one pass', async () => {
    using directory = temporaryDirectory();
    {
      await using local = await openLocalWatermark({ directory: directory.path });
      const calls = Array.from({ length: 300 }, (_, at) =>
        local.pass({ ...claimed(block(7), at), key: keyOf(`${at % 100}`) }),
      );
      const outcomes = await Promise.allSettled(calls);
      const passed = outcomes.filter(({ status }) => status === 'fulfilled').length;
      assert.equal(passed, 100);
    }
    await using again = await openLocalWatermark({ directory: directory.path });
    for (let at = 0; at < 100; at++) {
      await assert.rejects(
        again.pass({ ...claimed(block(7), at + 100), key: keyOf(`${at}`) }),
        refused,
      );
    }
  });

  it('has floors that only go up', async () => {
    using directory = temporaryDirectory();
    {
      await using local = await openLocalWatermark({ directory: directory.path });
      await local.raiseFloor({ key, position: block(9) });
      await local.raiseFloor({ key, position: block(4) });
    }
    await using again = await openLocalWatermark({ directory: directory.path });
    await assert.rejects(again.pass(claimed(block(9), 1)), {
      ...refused,
      message: /block at slot 9 is refused .* which has block at slot 9 claimed/,
    });
    await again.pass(claimed(block(10), 1));
  });

  it('is one process’s, and nothing passes once it is closed', async () => {
    using directory = temporaryDirectory();
    const local = await openLocalWatermark({ directory: directory.path });
    const unavailable = { code: 'CLAIM_WATERMARK_UNAVAILABLE' };
    await assert.rejects(openLocalWatermark({ directory: directory.path }), unavailable);
    const pending = local.pass(claimed(block(1), 1));
    await local.close();
    await pending;
    await assert.rejects(local.pass(claimed(block(2), 1)), unavailable);
    await local.close();
    await using again = await openLocalWatermark({ directory: directory.path });
    await assert.rejects(again.pass(claimed(block(1), 2)), refused);
  });

  it('lets nothing pass any more when a write has failed', async () => {
    using directory = temporaryDirectory();
    const inTheWay = join(directory.path, 'watermarks.new');
    const unavailable = { code: 'CLAIM_WATERMARK_UNAVAILABLE' };
    {
      await using local = await openLocalWatermark({ directory: directory.path });
      await local.pass(claimed(block(1), 1));
      mkdirSync(inTheWay);
      const both = [local.pass(claimed(block(2), 1)), local.pass(claimed(block(3), 1))];
      for (const { status } of await Promise.allSettled(both)) assert.equal(status, 'rejected');
      rmdirSync(inTheWay);
      await assert.rejects(local.pass(claimed(block(4), 1)), unavailable);
    }
    mkdirSync(inTheWay);
    await assert.rejects(openLocalWatermark({ directory: directory.path }), unavailable);
    rmdirSync(inTheWay);
    await using again = await openLocalWatermark({ directory: directory.path });
    await again.pass(claimed(block(2), 1));
    await assert.rejects(
      openLocalWatermark({ directory: join(directory.path, 'watermarks') }),
      unavailable,
    );
  });

  it('does not begin anew when its file is damaged', async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, 'watermarks');
    {
      await using local = await openLocalWatermark({ directory: directory.path });
      await local.pass(claimed(block(1), 1));
    }
    const good = readFileSync(file);
    const corrupt = { code: 'CLAIM_WATERMARK_CORRUPT' };
    for (let at = 0; at < good.length; at++) {
      writeFileSync(file, good.with(at, (good[at] as number) ^ 1));
      await assert.rejects(openLocalWatermark({ directory: directory.path }), corrupt);
    }
    for (const length of [0, 1, good.length - 1, good.length + 1, 2 ** 40]) {
      writeFileSync(file, good);
      truncateSync(file, length);
      await assert.rejects(openLocalWatermark({ directory: directory.path }), corrupt);
    }
    writeFileSync(file, good);
    await using again = await openLocalWatermark({ directory: directory.path });
    await assert.rejects(again.pass(claimed(block(1), 2)), refused);
  });
});
