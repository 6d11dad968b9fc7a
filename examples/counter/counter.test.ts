import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { runExample } from '../run-example.ts';
import { Counter } from './counter.ts';

test('the counter can be replicated', () => {
  checkSimpleStateMachine({
    create: () => new Counter(),
    commands: (count, seed) => Array.from({ length: count }, (_, at) => ({ add: at * seed })),
  });
});

test('nothing is lost or counted twice when the leader is killed', async () => {
  const { exitCode, lastLine, complaints } = await runExample('counter/main.ts');
  assert.equal(
    lastLine,
    'counted to 5 through three nodes and the death of a leader: nothing lost, nothing twice',
    complaints,
  );
  assert.equal(exitCode, 0);
});
