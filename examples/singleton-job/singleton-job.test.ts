import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runExample } from '../run-example.ts';

test('one instance at a time does the job while leaders are killed and stopped', async () => {
  const { exitCode, lastLine, complaints } = await runExample('singleton-job/main.ts');
  const expected = /^the job ran under \d+ leaderships, one instance at a time, never by two$/;
  assert.match(lastLine, expected, complaints);
  assert.equal(exitCode, 0);
});
