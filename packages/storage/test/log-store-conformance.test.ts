import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConformanceFailure, checkLogStore } from '@quorate/storage/conformance';
import { PlainPlace, wrongLogStores } from './wrong-log-stores.ts';

test('a right log store passes, and the report names what was looked at', async () => {
  const report = await checkLogStore('the plainest store', () => new PlainPlace());
  assert.equal(report.subject, 'the plainest store');
  assert.ok(report.passed.length > 20);
  assert.deepEqual(report.failed, []);
  assert.ok(report.passed.includes('a new store knows no group'));
});

test('a place without failWrites has to say so', async () => {
  const places = () => Object.assign(new PlainPlace(), { failWrites: undefined });
  await assert.rejects(checkLogStore('it', places as () => PlainPlace), /withoutFailingWrites/);
  await checkLogStore('it', places as () => PlainPlace, { withoutFailingWrites: true });
});

suite('a wrong log store is told what it does, what the contract asks and why: one that', () => {
  for (const [name, { make, told }] of Object.entries(wrongLogStores)) {
    test(name, async () => {
      await assert.rejects(checkLogStore(name, make), (error) => {
        assert.ok(error instanceof ConformanceFailure);
        const { report, message } = error;
        assert.ok(report !== null && report.failed.length > 0);
        assert.match(message, new RegExp(`^${name} does not keep its contract in \\d+ of \\d+`));
        assert.match(message, told);
        for (const { reason } of report.failed) assert.match(reason, /The contract: .* Why: /);
        return true;
      });
    });
  }
});
