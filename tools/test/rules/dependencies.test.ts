import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependenciesRule } from '../../tidy/rules/dependencies.ts';
import { complaints, manifest } from '../planted-tree.ts';

const PATH = 'packages/low/package.json';
const SOURCE = 'packages/low/src/index.ts';

test('declared and imported, no more and no less', (t) => {
  const found = complaints(t, dependenciesRule, {
    'package.json': manifest('root', { devDependencies: { checker: '1.0.0' } }),
    [PATH]: manifest('@our/low', { dependencies: { '@some/thing': '1.0.0', other: '1.0.0' } }),
    [SOURCE]: `import 'node:fs';\nimport type { A } from '@some/thing/deep';\nimport 'other';`,
    'packages/low/test/a.test.ts': `import 'checker';\nimport '@our/top';\nimport 'other';`,
  });
  assert.deepEqual(found, []);
});

test('an import that is not declared is named', (t) => {
  const found = complaints(t, dependenciesRule, {
    [PATH]: manifest('@our/low', { devDependencies: { other: '1.0.0' } }),
    [SOURCE]: `\nimport 'other';`,
    'packages/low/test/a.test.ts': `import 'none';`,
  });
  assert.equal(found.length, 2);
  assert.match(found.join(), /index\.ts:2: imports other, which packages\/low\/package\.json/);
  assert.match(found.join(), /imports none, which is declared nowhere/);
});

test('a declaration that nothing imports is named', (t) => {
  const found = complaints(t, dependenciesRule, {
    [PATH]: manifest('@our/low', { dependencies: { other: '1.0.0' } }),
    'packages/low/test/a.test.ts': `import 'other';`,
  });
  assert.match(found.join(), /declares other and imports it nowhere in src/);
});
