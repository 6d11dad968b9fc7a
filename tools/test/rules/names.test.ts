import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesRule } from '../../tidy/rules/names.ts';
import { complaints } from '../planted-tree.ts';

test('kebab-case, documents in capitals, proto files and generated files are fine', (t) => {
  const found = complaints(t, namesRule, {
    'README.md': '',
    LICENSE: '',
    '.ci/run': '',
    '.oxlintrc.json': '',
    'packages/low/src/wal-segment.paper.test.ts': '',
    'packages/low/proto/peer_wire.proto': '',
    'packages/low/src/generated/SomeThing.ts': '',
    'packages/low/testdata/Any_Name.txt': '',
    'docs/decisions/0001-why.md': '',
  });
  assert.deepEqual(found, []);
});

test('other cases are named, file and folder, each once', (t) => {
  const found = complaints(t, namesRule, {
    'packages/low/src/walSegment.ts': '',
    'packages/low/src/snake_case/a.ts': '',
    'packages/low/src/snake_case/b.ts': '',
  });
  assert.equal(found.length, 2);
  assert.match(found.join(), /snake_case:1: 'snake_case' is not kebab-case/);
});

test('names that say nothing are named', (t) => {
  const found = complaints(t, namesRule, {
    'packages/low/src/utils.ts': '',
    'packages/low/src/common/a.ts': '',
    'packages/low/test/helpers.test.ts': '',
  });
  assert.equal(found.length, 3);
  assert.match(found.join(), /'utils' says nothing/);
});
