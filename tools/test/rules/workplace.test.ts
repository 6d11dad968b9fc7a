import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workplaceRule } from '../../tidy/rules/workplace.ts';
import { complaints } from '../planted-tree.ts';

/** Put together here, so that this file does not contain what the rule looks for. */
function path(...segments: string[]): string {
  return ['', ...segments].join('/');
}

test('relative paths, links and the paths of a service are fine', (t) => {
  const found = complaints(t, workplaceRule, {
    'docs/a.md': `packages${path('home', 'a.ts')}, /var/lib/a`,
    'docs/b.md': `https://example.org${path('root', 'x')}`,
    'packages/low/src/a.ts': ['const a = `${dir}', path('work', 'x'), '`;'].join(''),
    'package-lock.json': '{"a": {"version": "1.0.0", "integrity": "sha512-x"}}',
    '.npmrc': 'save-exact=true\n',
  });
  assert.deepEqual(found, []);
});

test('the folders of one machine are named', (t) => {
  const local = [
    path('work', 'x', 'y.ts'),
    path('home', 'me', 'x'),
    path('root', '.cache'),
    path('tmp', 'bash_jobs.1'),
  ];
  for (const place of local) {
    const found = complaints(t, workplaceRule, { 'docs/a.md': `\nsee \`${place}\`` });
    assert.match(found.join(), /^docs\/a\.md:2: .*absolute path of one machine/, place);
  }
});

test('registries, download addresses and credentials are named', (t) => {
  const host = ['//registry', 'example', 'org'].join('.');
  const found = complaints(t, workplaceRule, {
    'package-lock.json': `{"a": {"resolved": "${'https'}://example.org/a.tgz"}}`,
    '.npmrc': ['registry', 'https://example.org/\n'].join('='),
    'docs/a.md': `fetch it from https:${host}/a`,
    'docs/b.md': ['_authToken', 'secret'].join('='),
  });
  assert.deepEqual(
    found.map((line) => line.split(':')[0]),
    ['.npmrc', 'docs/a.md', 'docs/b.md', 'package-lock.json'],
  );
});
