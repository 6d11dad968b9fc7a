import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineLengthRule } from '../../tidy/rules/line-length.ts';
import { complaints } from '../planted-tree.ts';

test('100 columns pass, prose and data may be longer, and a link cannot be broken', (t) => {
  const found = complaints(t, lineLengthRule, {
    'packages/low/src/a.ts': `//${'é'.repeat(97)}😀\n`,
    'packages/low/src/b.ts': `// https://example.org/${'a'.repeat(100)}\n`,
    'packages/low/src/generated/c.ts': 'a'.repeat(200),
    'docs/a.md': 'a'.repeat(200),
    'package-lock.json': `{"a": "${'a'.repeat(200)}"}`,
  });
  assert.deepEqual(found, []);
});

test('101 columns fail', (t) => {
  const found = complaints(t, lineLengthRule, { '.ci/run': `a\n#${'a'.repeat(100)}\n` });
  assert.match(found.join(), /^\.ci\/run:2: 101 columns, over 100/);
});
