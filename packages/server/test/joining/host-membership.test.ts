import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostMembership } from '../../src/joining/host-membership.ts';

type Parts = Parameters<typeof hostMembership>[0];

const known = new Map([
  [1, 'a:2380'],
  [2, 'moved:2380'],
  [3, 'c:2380'],
  [4, ''],
]);

function urlsOf(id: number, scheme: 'http' | 'https'): readonly string[] {
  const host = { nodeId: 1, addressOf: (_group: number, node: number) => known.get(node) ?? '' };
  const peerUrls = new Map(
    [1, 2, 4].map((node) => {
      const name = String.fromCharCode(96 + node);
      return [node, [`${scheme}://${name}:2380`, `${scheme}://${name}${name}:2380`]] as const;
    }),
  );
  const parts = { host, group: 1, timeoutMs: 1, peerUrls } as unknown as Parts;
  return hostMembership(parts).peerUrlsOf(id);
}

test('who has said nothing yet is where the settings say, unless the log knows better', () => {
  for (const scheme of ['http', 'https'] as const) {
    assert.deepEqual(urlsOf(1, scheme), [`${scheme}://a:2380`, `${scheme}://aa:2380`]);
    assert.deepEqual(urlsOf(2, scheme), [`${scheme}://moved:2380`]);
    assert.deepEqual(urlsOf(3, scheme), [`${scheme}://c:2380`]);
    assert.deepEqual(urlsOf(4, scheme), [`${scheme}://d:2380`, `${scheme}://dd:2380`]);
    assert.deepEqual(urlsOf(5, scheme), []);
  }
});
