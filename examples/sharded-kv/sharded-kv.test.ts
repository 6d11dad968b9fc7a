import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { runExample } from '../run-example.ts';
import { type Put, Store } from './store.ts';

test('a shard can be replicated', () => {
  checkSimpleStateMachine({
    create: () => new Store(),
    commands: (count, seed) => {
      const prng = new Prng(seed);
      return Array.from(
        { length: count },
        (): Put => ({ key: `key-${prng.below(20)}`, value: `value-${prng.below(5)}` }),
      );
    },
  });
});

test('no key is lost while shards move and a node dies', async () => {
  const { exitCode, lines, lastLine, complaints } = await runExample('sharded-kv/main.ts');
  assert.equal(
    lastLine,
    'every key was found through each of 5 nodes, after 7 moves and a lost node',
    complaints,
  );
  assert.ok(lines.includes('  shard 1 is on nodes 2, 3, 4'), lines.join('\n'));
  assert.equal(exitCode, 0);
});
