import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLogger } from '@quorate/base';
import { ImpostorLog } from '../src/impostor-log.ts';

it('a node under the id of a member is told of once a minute, with advice for both causes', () => {
  const lines: string[] = [];
  const log = new ImpostorLog('counter', {
    ...silentLogger,
    warn: (event, fields) => void lines.push(`${event} ${JSON.stringify(fields)}`),
  });
  for (const nowMs of [0, 1000, 59_999, 60_000]) log.seen(2, nowMs);
  log.seen(3, 60_001);
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /lost its data, remove it .* if two nodes run under this id/);
});
