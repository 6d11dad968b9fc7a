import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compilePackages } from '../pack/build.ts';
import { planPacking } from '../pack/plan.ts';
import { brokenReferences } from '../pack/references.ts';
import { type StagedPackage, stagePackage } from '../pack/stage.ts';
import { manifest, type Plan, plantTree } from './planted-tree.ts';

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    noEmit: true,
    strict: true,
    types: [],
    rewriteRelativeImportExtensions: true,
  },
};

/** One package with a second entry, a program, a file that is found by URL, and an asset. */
const LOW: Plan = {
  LICENSE: 'do as you like\n',
  'tsconfig.json': JSON.stringify(TSCONFIG),
  'packages/low/package.json': manifest('@our/low', {
    exports: { '.': './src/index.ts', './kit': './kit/index.ts' },
    bin: { low: './src/bin.ts' },
    files: ['src', 'kit', 'proto'],
  }),
  'packages/low/README.md': '# low\n\n[more](../../docs/more.md)\n',
  'packages/low/proto/low.proto': 'syntax = "proto3";\n',
  'packages/low/src/index.ts': "export { double, type Twice } from './double.ts';\n",
  'packages/low/src/double.ts': [
    '/** Twice as much. */',
    'export interface Twice { readonly value: number }',
    'export const double = (value: number): Twice => ({ value: 2 * value });',
    '',
  ].join('\n'),
  'packages/low/src/notes.txt': 'beside the sources\n',
  'packages/low/src/bin.ts': [
    '#!/usr/bin/env node',
    "const { double } = await import('./double.ts');",
    'declare const console: { log(...values: unknown[]): void };',
    "const own = new URL('../package.json', import.meta.url);",
    "const beside = import.meta.url.endsWith('.ts') ? 'ts' : 'js';",
    'const found = new URL(`./double.${beside}`, import.meta.url);',
    'console.log(double(21).value, own.pathname.length, found.pathname.slice(-9));',
    '',
  ].join('\n'),
  'packages/low/kit/index.ts': [
    "import { double, type Twice } from '../src/double.ts';",
    "export const four = (): import('../src/double.ts').Twice => double(2);",
    'export type { Twice };',
    '',
  ].join('\n'),
  'packages/low/test/low.test.ts': 'not published',
  // The others of the basic workspace stay at home.
  'packages/mid/package.json': manifest('@our/mid', { private: true }),
  'packages/high/package.json': manifest('@our/high', { private: true }),
  'packages/top/package.json': manifest('@our/top', { private: true }),
};

async function stageLow(t: TestContext, plan: Plan = {}): Promise<StagedPackage> {
  const tree = plantTree(t, { ...LOW, ...plan });
  const built = join(tree.root, 'dist/built');
  const plans = planPacking(tree);
  await compilePackages(tree.root, built, plans);
  const [low] = plans;
  assert.ok(low !== undefined && plans.length === 1);
  return stagePackage(low, { root: tree.root, built, staging: join(tree.root, 'dist/staging') });
}

const read = (staged: StagedPackage, file: string): string =>
  readFileSync(join(staged.folder, file), 'utf8');

/** `double.js` with its map, and its types. */
const built = (file: string): string[] => [`${file}.d.ts`, `${file}.js`, `${file}.js.map`];

function isWhole(staged: StagedPackage): void {
  assert.deepEqual(staged.files, [
    'LICENSE',
    'README.md',
    ...built('kit/index'),
    'package.json',
    'proto/low.proto',
    ...['bin', 'double', 'index'].flatMap((name) => built(`src/${name}`)),
    'src/notes.txt',
  ]);
  assert.deepEqual(brokenReferences(staged, [staged.plan]), []);
  assert.match(read(staged, 'README.md'), /more \(in the repository: docs\/more\.md\)/);
  assert.equal(statSync(join(staged.folder, 'src/bin.js')).mode & 0o111, 0o111);

  const types = read(staged, 'kit/index.d.ts');
  assert.match(types, /from '\.\.\/src\/double\.js'/);
  assert.match(types, /import\('\.\.\/src\/double\.js'\)/);
  assert.match(read(staged, 'src/double.d.ts'), /Twice as much/);
  const map = JSON.parse(read(staged, 'kit/index.js.map')) as Record<string, unknown>;
  assert.deepEqual(map['sources'], ['index.ts']);
  assert.deepEqual(map['sourcesContent'], [LOW['packages/low/kit/index.ts']]);
}

function worksBelowNodeModules(staged: StagedPackage): void {
  const user = join(staged.folder, '../user');
  mkdirSync(join(user, 'node_modules/@our'), { recursive: true });
  symlinkSync(staged.folder, join(user, 'node_modules/@our/low'));
  const program = "import { double } from '@our/low'; import { four } from '@our/low/kit';";
  writeFileSync(join(user, 'main.mjs'), `${program} console.log(double(4).value, four().value);`);
  const options = { cwd: user, encoding: 'utf8' } as const;
  assert.equal(spawnSync(process.execPath, ['main.mjs'], options).stdout, '8 4\n');
  const bin = spawnSync(process.execPath, ['node_modules/@our/low/src/bin.js'], options);
  assert.match(bin.stdout, /^42 \d+ double\.js\n$/, bin.stderr);
}

function namesBrokenReferences(staged: StagedPackage): void {
  const broken = [
    "import '../test/low.test.js';",
    "import 'elsewhere';",
    "import '@our/low/core';",
    "import 'node:no-such';",
    "export * from './gone.js';",
    "new URL('../testdata/a.bin', import.meta.url);",
    "new URL('https://example.org/a', base);",
    'new URL(`./no-${name}.js`, import.meta.url);',
  ];
  writeFileSync(join(staged.folder, 'src/index.js'), broken.join('\n'));
  assert.deepEqual(brokenReferences(staged, [staged.plan]), [
    '@our/low: src/index.js imports ../test/low.test.js, which is not published',
    '@our/low: src/index.js imports elsewhere, which is no dependency',
    '@our/low: src/index.js imports @our/low/core, which is no entry of that package',
    '@our/low: src/index.js imports node:no-such, which Node does not have',
    '@our/low: src/index.js imports ./gone.js, which is not published',
    '@our/low: src/index.js looks for ../testdata/a.bin, which is not published',
    '@our/low: src/index.js looks for ./no-*.js, which is not published',
  ]);
}

test('a package', async (t) => {
  const staged = await stageLow(t);
  await t.test('is built with everything that belongs to it', () => isWhole(staged));
  await t.test('works below node_modules', () => worksBelowNodeModules(staged));
  await t.test('has no reference that leads nowhere', () => namesBrokenReferences(staged));
});

test('what does not compile is not packed', async (t) => {
  const wrong = { 'packages/low/src/double.ts': "export const double: number = 'two';\n" };
  await assert.rejects(
    stageLow(t, wrong),
    /the compiler ended with [12]\n.*src\/double\.ts\(1,14\)/s,
  );
});
