import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionLengthRule } from '../../tidy/rules/function-length.ts';
import { complaints } from '../planted-tree.ts';

const PATH = 'packages/low/src/long.ts';

/** A function of `count` lines, its own two included. */
function ofLines(count: number, head = 'function f(): void {', tail = '}'): string {
  return `${head}\n${'  a();\n'.repeat(count - 2)}${tail}\n`;
}

test('70 lines pass, and so does a long list of tests or a long class', (t) => {
  assert.deepEqual(complaints(t, functionLengthRule, { [PATH]: ofLines(70) }), []);
  const suite = ofLines(90, `describe('a', { timeout: 1 }, () => {`, '});');
  assert.deepEqual(complaints(t, functionLengthRule, { [PATH]: suite }), []);
  const fields = `class A {\n${'  b = 1;\n'.repeat(90)}}\n`;
  assert.deepEqual(complaints(t, functionLengthRule, { [PATH]: fields }), []);
});

test('71 lines fail at the line where the function begins', (t) => {
  const found = complaints(t, functionLengthRule, { [PATH]: `a();\n${ofLines(71)}` });
  assert.match(found.join(), /long\.ts:2: a function of 71 lines, over 70/);
  const arrow = ofLines(71, `test('a', async () => {`, '});');
  assert.equal(complaints(t, functionLengthRule, { [PATH]: arrow }).length, 1);
});
