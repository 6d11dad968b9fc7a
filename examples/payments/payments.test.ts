import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runExample } from '../run-example.ts';

test('the books of a day are balanced to the cent, whoever was killed meanwhile', async () => {
  const words = ['--payments', '8000', '--kills', '2'];
  const { exitCode, lastLine, complaints } = await runExample('payments/main.ts', ...words);
  const expected =
    /^books balanced to the cent: \d+ transfers sent, [12] servers killed, [\d.]+ s$/;
  assert.match(lastLine, expected, complaints);
  assert.equal(exitCode, 0);
});
