import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@quorate/base';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { runExample } from '../run-example.ts';
import { type Command, JobQueue } from './job-queue.ts';

function draw(prng: Prng): Command {
  const worker = `worker-${prng.below(3)}`;
  if (prng.chance(0.4)) return { kind: 'enqueue', name: `job-${prng.below(20)}` };
  if (prng.chance(0.6)) return { kind: 'claim', worker };
  return { kind: 'finish', job: prng.below(20), worker };
}

test('the queue can be replicated', () => {
  checkSimpleStateMachine({
    create: () => new JobQueue(),
    commands: (count, seed) => {
      const prng = new Prng(seed);
      return Array.from({ length: count }, () => draw(prng));
    },
  });
});

test('a job belongs to the worker that claimed it, and is finished once', () => {
  const queue = new JobQueue();
  const entry = { index: 1, timestampMicros: 1 };
  assert.deepEqual(queue.apply({ kind: 'claim', worker: 'a' }, entry), { kind: 'empty' });
  queue.apply({ kind: 'enqueue', name: 'one' }, entry);
  const claimed = queue.apply({ kind: 'claim', worker: 'a' }, entry);
  assert.deepEqual(claimed, { kind: 'claimed', job: 0, name: 'one' });
  assert.deepEqual(queue.apply({ kind: 'claim', worker: 'b' }, entry), { kind: 'empty' });
  for (const [job, worker, kind] of [
    [0, 'b', 'refused'],
    [7, 'a', 'refused'],
    [0, 'a', 'finished'],
    [0, 'a', 'refused'],
  ] as const) {
    assert.equal(queue.apply({ kind: 'finish', job, worker }, entry).kind, kind);
  }
  const report = { enqueued: 1, repeatedNames: 0, waiting: 0, running: 0, finished: 1 };
  assert.deepEqual(queue.query('report'), report);
});

test('every job is done exactly once while leaders die and hand over', async () => {
  const { exitCode, lastLine, complaints } = await runExample('job-queue/main.ts');
  assert.equal(
    lastLine,
    '500 of 500 jobs done, each exactly once, while 3 leaders were killed and 2 handed over',
    complaints,
  );
  assert.equal(exitCode, 0);
});
