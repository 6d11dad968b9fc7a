import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileLengthRule } from '../../tidy/rules/file-length.ts';
import { complaints } from '../planted-tree.ts';

const PATH = 'packages/low/src/long.ts';

function lines(count: number): string {
  return 'a();\n'.repeat(count);
}

test('400 lines need no reason, 600 lines one at the top', (t) => {
  const reason = '// Long because: one table, one place.\n';
  assert.deepEqual(complaints(t, fileLengthRule, { [PATH]: lines(400) }), []);
  assert.deepEqual(complaints(t, fileLengthRule, { [PATH]: reason + lines(599) }), []);
  const generated = { 'packages/low/src/generated/a.ts': lines(700), 'docs/a.md': lines(700) };
  assert.deepEqual(complaints(t, fileLengthRule, generated), []);
});

test('401 lines without a reason fail, and a reason far down is none', (t) => {
  const reason = '// Long because: nobody looked.\n';
  assert.match(complaints(t, fileLengthRule, { [PATH]: lines(401) }).join(), /401 lines, over 400/);
  assert.equal(complaints(t, fileLengthRule, { [PATH]: lines(401) + reason }).length, 1);
});

test('above 600 lines no reason helps', (t) => {
  const text = `// Long because: it grew.\n${lines(600)}`;
  assert.match(complaints(t, fileLengthRule, { [PATH]: text }).join(), /601 lines, over 600/);
});
