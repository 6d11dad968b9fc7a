import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionsRule } from '../../tidy/rules/versions.ts';
import { withVersion } from '../../tidy/versions.ts';
import { complaints, manifest, plantTree } from '../planted-tree.ts';

const PATH = 'packages/low/package.json';

test('exact versions in lockstep are fine', (t) => {
  const dependencies = { '@our/mid': '1.2.3', outside: '2.0.0-rc.1' };
  const found = complaints(t, versionsRule, { [PATH]: manifest('@our/low', { dependencies }) });
  assert.deepEqual(found, []);
});

test('ranges are named wherever they stand', (t) => {
  const sections = [
    { dependencies: { a: '^1.0.0' } },
    { devDependencies: { a: '~1.0.0' } },
    { optionalDependencies: { a: '*' } },
    { peerDependencies: { a: '>=1' } },
    { overrides: { b: { a: 'latest' } } },
  ];
  for (const section of sections) {
    const found = complaints(t, versionsRule, { [PATH]: manifest('@our/low', section) });
    assert.equal(found.length, 1, JSON.stringify(section));
    assert.match(found.join(), /is a range; write one exact version/);
  }
});

test('a package out of step, or one asked for out of step, is named', (t) => {
  const dependencies = { '@our/mid': '1.2.2' };
  const more = { version: '1.2.4', license: 'MIT', type: 'commonjs', dependencies };
  const found = complaints(t, versionsRule, { [PATH]: manifest('@our/low', more) });
  assert.equal(found.length, 4);
  assert.match(found.join(), /low\/package\.json:3: version is 1\.2\.4, not 1\.2\.3/);
  assert.match(found.join(), /@our\/mid 1\.2\.2 is not ours; write 1\.2\.3/);
});

test('a new version goes to every manifest and to what they ask of each other', (t) => {
  const dependencies = { '@our/mid': '1.2.3', outside: '1.2.3' };
  const tree = plantTree(t, { [PATH]: manifest('@our/low', { dependencies }) });
  const changed = withVersion(tree, '2.0.0');
  assert.equal(changed.size, 5);
  const low = JSON.parse(changed.get(PATH) ?? '') as Record<string, unknown>;
  assert.equal(low['version'], '2.0.0');
  assert.deepEqual(low['dependencies'], { '@our/mid': '2.0.0', outside: '1.2.3' });
});
