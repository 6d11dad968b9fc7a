import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planPacking } from '../pack/plan.ts';
import { publishedManifest } from '../pack/published-manifest.ts';
import { publishedReadme } from '../pack/published-readme.ts';
import { ROOT } from '../run/run-command.ts';
import { readTree } from '../tidy/tree.ts';
import { manifest, type Plan, plantTree } from './planted-tree.ts';

const HIGH = { '.': './src/index.ts', './core': './src/core/index.ts' };

/** The basic workspace, made fit for packing: high depends on mid, mid on low; top is private. */
const PACKABLE: Plan = {
  'packages/low/package.json': manifest('@our/low', { files: ['src'] }),
  'packages/mid/package.json': manifest('@our/mid', {
    files: ['src'],
    dependencies: { '@our/low': '1.2.3' },
  }),
  'packages/high/package.json': manifest('@our/high', {
    exports: HIGH,
    bin: { high: './src/bin.ts' },
    files: ['src', 'proto'],
    scripts: { test: 'node --test' },
    devDependencies: { tool: '1.0.0' },
    dependencies: { '@our/mid': '1.2.3' },
  }),
  'packages/high/src/bin.ts': '',
  'packages/high/proto/a.proto': '',
  'packages/top/package.json': manifest('@our/top', { private: true }),
  'packages/low/README.md': '# low\n',
  'packages/mid/README.md': '# mid\n',
  'packages/high/README.md': '# high\n',
};

test('every package of this workspace is packed or private, with every entry and program', () => {
  const tree = readTree(ROOT);
  const plans = planPacking(tree);
  const left = tree.packages.filter((pkg) => !plans.some(({ name }) => name === pkg.name));
  assert.deepEqual(
    left.map(({ name }) => name),
    ['@quorate/scenarios'],
  );
  for (const plan of plans) {
    const path = join(ROOT, plan.path, 'package.json');
    const source = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object | undefined>;
    const published = publishedManifest(plan);
    for (const field of ['exports', 'bin']) {
      const expected = Object.keys(source[field] ?? {});
      assert.deepEqual(Object.keys(published[field] ?? {}), expected, `${plan.name}: ${field}`);
    }
    for (const file of [...plan.entries.values(), ...plan.programs.values()]) {
      assert.ok(tree.files.has(`${plan.path}/${file}`), `${plan.path}/${file}`);
    }
    assert.doesNotMatch(JSON.stringify(published), /\.\/?src\/[^"]*(?<!\.d)\.ts"/);
  }
});

test('those that a package depends on come before it, and private ones not at all', (t) => {
  const plans = planPacking(plantTree(t, PACKABLE));
  assert.deepEqual(
    plans.map(({ name }) => name),
    ['@our/low', '@our/mid', '@our/high'],
  );
  assert.deepEqual(plans[2]?.codeFolders, ['src']);
  assert.deepEqual(plans[2]?.assets, ['proto']);
});

test('what is published leads to what is built, without what the workspace alone needs', (t) => {
  const high = planPacking(plantTree(t, PACKABLE)).at(-1);
  assert.ok(high !== undefined);
  assert.deepEqual(publishedManifest(high), {
    name: '@our/high',
    version: '1.2.3',
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': { types: './src/index.d.ts', default: './src/index.js' },
      './core': { types: './src/core/index.d.ts', default: './src/core/index.js' },
    },
    bin: { high: 'src/bin.js' },
    dependencies: { '@our/mid': '1.2.3' },
  });
});

test('everything that stands in the way is named at once', (t) => {
  const tree = plantTree(t, {
    ...PACKABLE,
    'packages/low/package.json': manifest('@our/low', { files: [] }),
    'packages/mid/package.json': manifest('@our/mid', {
      exports: { '.': './src/index.ts', './kit': './kit/index.ts' },
      files: ['src', 'no-such'],
      dependencies: { '@our/top': '1.2.3' },
    }),
    'packages/mid/README.md': null,
  });
  assert.throws(
    () => planPacking(tree),
    (error: Error) => {
      const low = 'packages/low/package.json';
      const mid = 'packages/mid/package.json';
      assert.deepEqual(error.message.split('\n'), [
        `${low}: files names no folder with code`,
        `${low}: files leaves out src/index.ts, which is an entry; add its folder`,
        `${mid}: files leaves out kit/index.ts, which is an entry; add its folder`,
        `${mid}: files names no-such, which is not there; take it out`,
        `${mid}: @our/mid depends on @our/top, which is private; publish that too`,
        'packages/mid/README.md is missing; write it',
      ]);
      return true;
    },
  );
});

test('packages that depend on each other in a circle are named', (t) => {
  const low = { files: ['src'], dependencies: { '@our/mid': '1.2.3' } };
  const tree = plantTree(t, {
    ...PACKABLE,
    'packages/low/package.json': manifest('@our/low', low),
  });
  assert.throws(() => planPacking(tree), /@our\/high, @our\/low, @our\/mid depend on each other/);
});

test('a README keeps the links that lead somewhere once it is installed', () => {
  const cases = [
    ['[a](../../docs/a.md#b), and [c](d.md)', 'a (in the repository: docs/a.md), and [c](d.md)'],
    ['[`x` [y]](../low/README.md)', '`x` [y] (in the repository: packages/low/README.md)'],
    ['[s](https://example.org/a) [h](#here)', '[s](https://example.org/a) [h](#here)'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(publishedReadme(text ?? '', 'packages/mid'), expected);
  }
});
