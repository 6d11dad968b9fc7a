import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError } from '@quorate/runtime';
import { nodeId } from '../../in-process-node.ts';
import { CalledService, text } from '../called-service.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

async function write(calls: CalledService, count: number): Promise<void> {
  for (let put = 0; put < count; put++) await calls.put({ key: text('a') });
}

function compacted(calls: CalledService): number {
  return calls.group.store.stats.compactedRevision;
}

test('by revisions: every five minutes all but so many, once', async () => {
  const calls = new CalledService({ autoCompaction: { mode: 'revision', retention: 3 } });
  await write(calls, 9);
  await calls.time.advance(5 * minuteMs - 1);
  assert.equal(compacted(calls), -1);
  await calls.time.advance(1);
  assert.equal(compacted(calls), 7);
  const { length } = calls.group.proposed;
  await calls.time.advance(30 * minuteMs);
  assert.equal(calls.group.proposed.length, length);
});

test('by time: a retention after the start what was there then, then every hour', async () => {
  const settings = { mode: 'periodic', retentionMs: 2 * hourMs } as const;
  const calls = new CalledService({ autoCompaction: settings });
  await write(calls, 4);
  for (let hour = 0; hour < 4; hour++) {
    await calls.time.advance(hourMs);
    await write(calls, 10);
  }
  // After 2 h what was there at 0 h, after 3 h at 1 h, after 4 h at 2 h: then 25 was the newest.
  assert.equal(compacted(calls), 15);
  await calls.time.advance(6 * minuteMs);
  assert.equal(compacted(calls), 15);
});

test('by time: less than an hour is compacted as often as it is kept', async () => {
  const settings = { mode: 'periodic', retentionMs: 10 * minuteMs } as const;
  const calls = new CalledService({ autoCompaction: settings });
  await write(calls, 4);
  await calls.time.advance(10 * minuteMs);
  assert.equal(compacted(calls), 1);
  await calls.time.advance(10 * minuteMs);
  assert.equal(compacted(calls), 5);
});

test('who does not lead compacts nothing, but knows what to compact when he does', async () => {
  const settings = { mode: 'periodic', retentionMs: hourMs } as const;
  const calls = new CalledService({ autoCompaction: settings });
  await write(calls, 4);
  calls.group.becomeLed(nodeId + 1);
  await calls.time.advance(3 * hourMs);
  assert.equal(compacted(calls), -1);
  calls.group.becomeLed(nodeId);
  await calls.time.advance(6 * minuteMs);
  assert.equal(compacted(calls), 5);
});

test('a compaction that failed is tried again, and none comes after the end', async () => {
  const calls = new CalledService({ autoCompaction: { mode: 'revision', retention: 1 } });
  await write(calls, 4);
  calls.group.failure = new RuntimeError('RUNTIME_NO_LEADER', 'in this test', {
    retryAfterMs: 1,
  });
  await calls.time.advance(5 * minuteMs);
  assert.equal(compacted(calls), -1);
  calls.group.failure = null;
  await calls.time.advance(5 * minuteMs);
  assert.equal(compacted(calls), 4);
  calls.service.stop();
  await write(calls, 4);
  await calls.time.advance(hourMs);
  assert.equal(compacted(calls), 4);
});
