import assert from 'node:assert/strict';
import { test } from 'node:test';
import { docLinksRule } from '../../tidy/rules/doc-links.ts';
import { complaints } from '../planted-tree.ts';

test('links to pages, folders, headings and the world outside are fine', (t) => {
  const found = complaints(t, docLinksRule, {
    'README.md': '[a](docs/a.md), [b](docs/b), [low](packages/low/), [w](https://example.org/x)\n',
    'docs/a.md':
      '# A\n[up](../README.md) [here](#a-page-s-own-heading-1)\n## A page s own, heading 1\n',
    'docs/b/README.md': '`[code](nowhere.md)`\n```\n[code](nowhere.md)\n```\n[a](../a.md#a)\n',
  });
  assert.deepEqual(found, []);
});

test('a link that leads nowhere is named, and a heading that is not there', (t) => {
  const found = complaints(t, docLinksRule, {
    'README.md': 'first\n[a](docs/a.md) [c](docs/c.md)\n',
    'docs/a.md': '# A\n\n[b](#b)\n',
  });
  assert.match(found[0] ?? '', /^README.md:2: 'docs\/c.md' leads nowhere/);
  assert.match(found[1] ?? '', /^docs\/a.md:3: '#b': docs\/a.md has no heading of that name/);
  assert.equal(found.length, 2);
});

test('a page that nobody finds is named', (t) => {
  const found = complaints(t, docLinksRule, {
    'README.md': '[a](docs/a.md)\n',
    'docs/a.md': '# A\n',
    'docs/b.md': '# B\n[a](a.md)\n',
  });
  assert.match(found.join(), /^docs\/b.md:1: no way leads here from README.md/);
});
