import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installScriptsRule } from '../../tidy/rules/install-scripts.ts';
import { complaints } from '../planted-tree.ts';

function lock(entry: object): string {
  return JSON.stringify({ packages: { 'node_modules/a/node_modules/b': entry } }, null, 2);
}

test('a package that only unpacks is fine', (t) => {
  const found = complaints(t, installScriptsRule, {
    'package-lock.json': lock({ license: 'MIT' }),
  });
  assert.deepEqual(found, []);
});

test('a package that runs a script when installed is named', (t) => {
  const entry = { hasInstallScript: true, dev: true };
  const found = complaints(t, installScriptsRule, { 'package-lock.json': lock(entry) });
  assert.match(found.join(), /^package-lock\.json:3: b runs a script when installed/);
});
