import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@quorate/base';
import { RegressedPeers } from '../src/regressed-peers.ts';

test('a peer that has lost what it acknowledged is named once, each time it does', () => {
  const said: unknown[] = [];
  const error = (_: string, fields?: object): void => void said.push(fields);
  const logger = { ...silentLogger, error };
  const peers = new RegressedPeers('orders', logger);
  const look = (regressed: boolean): void => {
    peers.look([
      { id: 2, regressed: false, matchIndex: 9 },
      { id: 3, regressed, matchIndex: 7 },
    ]);
  };
  look(false);
  assert.deepEqual(said, []);
  look(true);
  look(true);
  assert.equal(said.length, 1);
  assert.partialDeepStrictEqual(said[0], { group: 'orders', peer: 3, acknowledged: 7 });
  look(false);
  look(true);
  assert.equal(said.length, 2);
});
