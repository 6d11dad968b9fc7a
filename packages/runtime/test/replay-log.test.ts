import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLogger } from '@quorate/base';
import { ReplayLog } from '../src/replay-log.ts';

it('a long replay says now and then how far it is, and nothing once it is over', () => {
  const told: unknown[] = [];
  const logger = {
    ...silentLogger,
    info: (message: string, fields?: object) => void told.push([message, fields]),
  };
  const replay = new ReplayLog('books', logger, 100, 1000);
  for (const [index, nowMs] of [
    [10, 2000],
    [20, 6000],
    [30, 6001],
    [40, 12_000],
    [100, 90_000],
    [101, 99_000],
  ] as const)
    replay.applied(index, nowMs);
  const message = 'applying what is in the log';
  assert.deepEqual(told, [
    [message, { group: 'books', index: 20, lastIndex: 100 }],
    [message, { group: 'books', index: 40, lastIndex: 100 }],
  ]);
});
