import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFence } from '../../src/index.ts';

describe('a fence', () => {
  it('lets the newest token pass as often as it comes, and none that is older', () => {
    const fence = createFence();
    assert.equal(fence.newest, 0n);
    assert.deepEqual([fence.pass(1n), fence.pass(1n), fence.pass(3n)], [true, false, true]);
    for (const token of [1n, 2n]) {
      assert.throws(() => fence.pass(token), {
        code: 'ELECTION_TOKEN_STALE',
        metadata: { token, newest: 3n },
      });
    }
    assert.equal(fence.pass(3n), false);
    assert.equal(fence.newest, 3n);
  });

  it('goes on from what the resource has kept', () => {
    const fence = createFence({ token: 2n ** 64n - 2n });
    assert.throws(() => fence.pass(5n), { code: 'ELECTION_TOKEN_STALE' });
    assert.equal(fence.pass(2n ** 64n - 1n), true);
  });

  it('refuses what is no token', () => {
    const fence = createFence();
    for (const token of [0n, -1n, 2n ** 64n, 1 as unknown as bigint]) {
      assert.throws(() => fence.pass(token), { code: 'ELECTION_OPTIONS_INVALID' });
    }
    assert.throws(() => createFence({ token: -1n }), { code: 'ELECTION_OPTIONS_INVALID' });
    assert.equal(fence.newest, 0n);
  });
});
