import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { committedReference, writeReference } from '../reference/reference.ts';
import { runCommand } from '../run/run-command.ts';
import { docLinksRule } from '../tidy/rules/doc-links.ts';
import { readTree } from '../tidy/tree.ts';
import { manifest, type Plan, plantTree } from './planted-tree.ts';

const LOW = 'docs/reference/api/low.md';

const ANIMALS = `# API of @our/low

<!-- Written by 'npm run generate' from the docstrings of the sources. Do not edit. -->

The lowest.

## Entry \`@our/low\`

For all.

- Functions: [b](#b)
- Classes: [Zebra](#zebra)
- Constants: [a](#a)
- Interfaces: [Shape](#shape)

### Functions

#### b

\`\`\`ts
function b(): number;
\`\`\`

- **Returns** one

Source: [packages/low/src/animals.ts](../../../packages/low/src/animals.ts)

### Classes

#### Zebra

\`\`\`ts
class Zebra {
  readonly stripes: number;
}
\`\`\`

Of stripes.

Source: [packages/low/src/animals.ts](../../../packages/low/src/animals.ts)

### Constants

#### a

\`\`\`ts
const a = 1;
\`\`\`

Source: [packages/low/src/animals.ts](../../../packages/low/src/animals.ts)

### Interfaces

#### Shape

\`\`\`ts
interface Shape { readonly a: number }
\`\`\`

A shape.

Source: [packages/low/src/shape.ts](../../../packages/low/src/shape.ts)
`;

function pageOf(t: TestContext, plan: Plan, path = LOW): string {
  return writeReference(plantTree(t, plan)).pages.get(path) ?? '';
}

/** The part of a page between the heading `name` and the next one. */
function sectionOf(page: string, name: string): string {
  const [, after = ''] = page.split(`#### ${name}\n\n`);
  return after.split(/\n+#/)[0] ?? '';
}

test('a page lists an entry by kind and name, each with signature, docstring and source', (t) => {
  const page = pageOf(t, {
    'packages/low/package.json': manifest('@our/low', { description: 'The lowest' }),
    'packages/low/src/index.ts': `// For all.
export { Zebra, b, a } from './animals.ts';
export type { Shape } from './shape.ts';
`,
    'packages/low/src/animals.ts': `import { inner } from './inner.ts';
/** Of stripes. */
export class Zebra { readonly stripes: number = inner; }
/** @returns one */
export function b(): number { return 1; }
export const a = 1;
`,
    'packages/low/src/shape.ts': '/** A shape. */\nexport interface Shape { readonly a: number }\n',
    'packages/low/src/inner.ts': 'export const inner = 1;\n',
  });
  assert.equal(page, ANIMALS);
});

test('names are followed through files, stars, imports, new names and other packages', (t) => {
  const page = pageOf(
    t,
    {
      'packages/low/src/index.ts': `export * from './deep/one.ts';\n`,
      'packages/low/src/deep/one.ts': `import { three } from './three.ts';
export { two as second } from './two.ts';
export { three };
const own = 1;
export { own as mine };
`,
      'packages/low/src/deep/two.ts': '/** Two. */\nexport const two = 2;\n',
      'packages/low/src/deep/three.ts': 'export function three(): 3 { return 3; }\n',
      'packages/high/src/index.ts': `export { second, three as third, mine } from '@our/low';\n`,
    },
    'docs/reference/api/high.md',
  );
  assert.match(
    sectionOf(page, 'second'),
    /const two = 2;[\s\S]*Two\.[\s\S]*low\/src\/deep\/two\.ts/,
  );
  assert.match(sectionOf(page, 'third'), /function three\(\): 3;/);
  assert.match(sectionOf(page, 'mine'), /const own = 1;/);
  assert.match(page, /## Entry `@our\/high\/core`\n\nExports nothing\./);
});

test('namespaces list their names, and foreign names say whose they are', (t) => {
  const page = pageOf(t, {
    'packages/low/src/index.ts': `import * as wire from './wire.ts';
export { wire };
export * as same from './wire.ts';
export { thing as ours } from 'theirs';
`,
    'packages/low/src/wire.ts': 'export const b = 1;\nexport const a = 2;\n',
  });
  assert.match(sectionOf(page, 'wire'), /^Holds `a`, `b`\./);
  assert.match(sectionOf(page, 'same'), /^Holds `a`, `b`\./);
  assert.equal(sectionOf(page, 'ours').trim(), '`thing` of `theirs`.');
});

test('members of a superclass are shown when it has no page, and not when it has', (t) => {
  const page = pageOf(t, {
    'packages/low/src/index.ts': `export { Child, Known } from './child.ts';
export { Heir } from './heir.ts';\n`,
    'packages/low/src/child.ts': `import { Parent } from './parent.ts';
export class Child extends Parent { own(): void {} shared(): 1 { return 1; } }
export class Known { known(): void {} }
`,
    'packages/low/src/parent.ts': `export class Parent {
  constructor(a: number) { a; }
  shared(): number { return 0; }
  inherited(): void {}
}\n`,
    'packages/low/src/heir.ts': `import { Known } from './child.ts';
export class Heir extends Known { more(): void {} }\n`,
  });
  assert.match(
    sectionOf(page, 'Child'),
    /{\n {2}own\(\): void;\n {2}shared\(\): 1;\n {2}inherited\(\): void;\n}/,
  );
  assert.match(sectionOf(page, 'Heir'), /{\n {2}more\(\): void;\n}/);
});

test('an interface without a page stands beside those that extend it', (t) => {
  const page = pageOf(t, {
    'packages/low/src/index.ts': `export type { Car, Thing } from './car.ts';\n`,
    'packages/low/src/car.ts': `/** On wheels. */
interface Wheeled { wheels: 4 }
export interface Thing { name: string }
export interface Car extends Wheeled, Thing, Partial<Error> { seats: 5 }
`,
  });
  assert.match(
    sectionOf(page, 'Car'),
    /^```ts\ninterface Car .*\n\n\/\*\* On wheels\. \*\/\ninterface Wheeled .*\n```/,
  );
  assert.doesNotMatch(sectionOf(page, 'Car'), /interface Thing/);
});

test('what is exported as a type alone shows no value', (t) => {
  const page = pageOf(t, {
    'packages/low/src/index.ts': `export type { Both, Made } from './both.ts';\n`,
    'packages/low/src/both.ts': `export const Both = 1;
export type Both = number;
export class Made { static make(): Made { return new Made(); } constructor() {} use(): void {} }
`,
  });
  assert.match(sectionOf(page, 'Both'), /^```ts\ntype Both = number;\n```/);
  assert.match(sectionOf(page, 'Made'), /^```ts\nclass Made {\n {2}use\(\): void;\n}\n```/);
});

test('names without a docstring are counted once for each entry that exports them', (t) => {
  const { names, packages, undocumented } = writeReference(
    plantTree(t, {
      'packages/low/src/index.ts': '/** Said. */\nexport const a = 1;\nexport const b = 2;\n',
      'packages/mid/src/index.ts': `export { b } from '@our/low';\n`,
      'packages/top/package.json': manifest('@our/top', { private: true }),
      'packages/top/src/index.ts': 'export const c = 3;\n',
    }),
  );
  assert.equal(packages, 3);
  assert.equal(names, 3);
  assert.deepEqual(undocumented, [
    '@our/low b packages/low/src/index.ts',
    '@our/mid b packages/low/src/index.ts',
  ]);
});

test('the pages satisfy doc-links, whatever the docstrings say', (t) => {
  const plan = {
    'README.md': '[docs](docs/reference/api)\n',
    'docs/near.md': '[back](../README.md)\n',
    'packages/low/src/index.ts': `
/**
 * See [near](../../../docs/near.md), docs/near.md, [gone](./gone.md), call[it](now).
 *
 * \`\`\`ts
 * never[closed](here);
 */
export const a = 1;
/** # Heading [x](y) @param */
export const Functions = 2;
/** Same anchor. */
export const functions = 3;
export interface low { /** [x](y) */ a: 1 }
`,
  };
  const { root } = plantTree(t, plan);
  for (const [path, text] of writeReference(readTree(root)).pages) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const tree = readTree(root);
  const problems = [...docLinksRule.check(tree)];
  assert.deepEqual(problems, []);
  const page = tree.files.get(LOW)?.text ?? '';
  assert.match(
    page,
    /\[near\]\(\.\.\/\.\.\/near\.md\), \[docs\/near\.md\]\(\.\.\/\.\.\/near\.md\)/,
  );
  assert.deepEqual(committedReference(tree), writeReference(tree).pages);
});

test('the contents link every page', (t) => {
  const plan = { 'packages/low/package.json': manifest('@our/low', { description: 'A | b' }) };
  const page = pageOf(t, plan, 'docs/reference/api/README.md');
  assert.match(page, /^\| \[@our\/low\]\(low\.md\) \| A \\\| b \| `@our\/low` \|$/m);
  assert.match(
    page,
    /^\| \[@our\/high\]\(high\.md\) \| {2}\| `@our\/high`, `@our\/high\/core` \|$/m,
  );
});

test('a name that nothing declares, or a file that is not there, is an error', (t) => {
  const index = 'packages/low/src/index.ts';
  const write = (plan: Plan) => () => pageOf(t, plan);
  assert.throws(write({ [index]: `export { a } from './none.ts';\n` }), /low\/src\/none\.ts/);
  const circle = { [index]: `export { a } from './b.ts';\n` };
  assert.throws(
    write({ ...circle, 'packages/low/src/b.ts': `export { a } from './index.ts';\n` }),
    /low\/src\/index\.ts exports a, which nothing declares/,
  );
  assert.throws(
    write({ [index]: `export { a } from '@our/high/inside';\n` }),
    /names @our\/high\/inside, which is no entry of @our\/high/,
  );
});

test('the command names wrong usage last, with exit code 2', async () => {
  const command = ['node', 'tools/reference/generate.ts', '--bogus'];
  const { exitCode, output } = await runCommand(command, { output: 'collect' });
  assert.equal(exitCode, 2, output);
  assert.match(output, /^usage: node tools\/reference\/generate\.ts/);
});

test('the check fails for a stale page, and for a name without a docstring', async (t) => {
  const index = 'packages/low/src/index.ts';
  const { root } = plantTree(t, { [index]: 'export const bare = 1;\n' });
  const generate = (...args: string[]) =>
    runCommand(['node', 'tools/reference/generate.ts', ...args, root], { output: 'collect' });
  const stale = await generate('--check');
  assert.equal(stale.exitCode, 1, stale.output);
  assert.match(stale.output, /^stale: docs\/reference\/api\/low\.md$/m);
  const written = await generate();
  assert.equal(written.exitCode, 0, written.output);
  const bare = await generate('--check');
  assert.equal(bare.exitCode, 1, bare.output);
  assert.match(bare.output, /^no docstring: @our\/low bare packages\/low\/src\/index\.ts$/m);
  assert.match(bare.output, /1 names, 1 without a docstring$/m);
  writeFileSync(join(root, index), '/** Told. */\nexport const bare = 1;\n');
  await generate();
  const told = await generate('--check');
  assert.equal(told.exitCode, 0, told.output);
});
