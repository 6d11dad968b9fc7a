import assert from 'node:assert/strict';
import { test } from 'node:test';
import { licencesRule } from '../../tidy/rules/licences.ts';
import { complaints } from '../planted-tree.ts';

function lock(entry: object): string {
  return JSON.stringify({ packages: { '': {}, 'node_modules/@a/b': entry } }, null, 2);
}

test('permissive licences are fine, and tools for development may have others', (t) => {
  const entries = [
    { license: 'MIT' },
    { license: '(GPL-3.0 OR Apache-2.0)' },
    { license: 'BSD-3-Clause AND ISC' },
    { license: 'MPL-2.0', dev: true },
    { link: true },
  ];
  for (const entry of entries) {
    const found = complaints(t, licencesRule, { 'package-lock.json': lock(entry) });
    assert.deepEqual(found, [], JSON.stringify(entry));
  }
});

test('other licences and none are named', (t) => {
  for (const entry of [{ license: 'GPL-3.0' }, { license: 'MIT AND GPL-3.0' }, {}]) {
    const found = complaints(t, licencesRule, { 'package-lock.json': lock(entry) });
    assert.match(found.join(), /^package-lock\.json:4: @a\/b is under/, JSON.stringify(entry));
  }
});

test('what is installed counts for more than what the lock file says', (t) => {
  const found = complaints(t, licencesRule, {
    'package-lock.json': lock({ license: 'MIT' }),
    'node_modules/@a/b/package.json': '{"license": "SSPL-1.0"}',
  });
  assert.match(found.join(), /@a\/b is under SSPL-1\.0/);
});
