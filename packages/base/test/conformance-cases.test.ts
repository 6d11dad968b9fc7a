import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConformanceFailure, runCases, waitFor } from '../conformance/index.ts';

test('a suite of cases that wait in vain ends, and says which were not run', async () => {
  let pauses = 0;
  const pace = {
    patienceMs: 20,
    pause: async () => {
      pauses += 1;
    },
  };
  const rule = { says: 'it answers.', because: 'nobody waits for ever.' };
  const names = Array.from({ length: 20 }, (_, at) => `case ${at}`);
  const cases = names.map((name, at) => ({
    name,
    run: async () => {
      if (at > 0)
        await waitFor(
          pace,
          () => false,
          rule,
          () => 'It never answered.',
        );
    },
  }));
  await assert.rejects(runCases('mine', cases), (error: unknown) => {
    assert.ok(error instanceof ConformanceFailure);
    const { passed, failed, notRun } = error.report ?? { passed: [], failed: [], notRun: [] };
    assert.deepEqual(passed, ['case 0']);
    assert.equal(failed.length, 6);
    assert.deepEqual(notRun, names.slice(7));
    assert.match(error.message, /13 cases were not run/);
    return true;
  });
  assert.ok(pauses <= 6 * 10);
});
