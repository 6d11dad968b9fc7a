import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { runExample } from '../run-example.ts';
import { type Edit, Wiki } from './wiki.ts';

test('the wiki can be replicated', () => {
  checkSimpleStateMachine({
    create: () => new Wiki(),
    commands: (count, seed) => {
      const prng = new Prng(seed);
      return Array.from(
        { length: count },
        (): Edit => ({ page: `page-${prng.below(20)}`, text: `text-${prng.below(5)}` }),
      );
    },
  });
});

test('replicas read what they have to, and cost the leader nothing', async () => {
  const { exitCode, lines, lastLine, complaints } = await runExample('read-replicas/main.ts');
  assert.match(
    lastLine,
    /^\d+ reads at 15 replicas, none too old; the leader sent (0\.9|1\.0)\d times as much as /,
    complaints,
  );
  const moved = 'killed a replica that fed 4: all 12 are fed by the two others now';
  assert.ok(lines.includes(moved), lines.join('\n'));
  assert.equal(exitCode, 0);
});
