import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Rule } from '../tidy/rule.ts';
import { readTree, type Tree } from '../tidy/tree.ts';

/** The text of a file by its path; null takes a file of the basic workspace away. */
export type Plan = Readonly<Record<string, string | null>>;

const LAYERS = {
  levels: [
    { packages: ['low'], mayImport: [] },
    { packages: ['mid'], mayImport: ['low'] },
    { packages: ['high'], mayImport: ['low', 'mid'], coreMayImport: ['low'] },
    { packages: ['top'], mayImport: ['low', 'high/core'] },
  ],
  testsMayAlsoImport: ['top'],
  pure: ['low', 'mid', '*/core'],
  withoutPromises: ['low'],
  pureMayDependOn: [{ from: 'mid', to: 'allowed', why: 'it is pure itself' }],
};

/** A package.json as the rules want it. */
export function manifest(name: string, more: Readonly<Record<string, unknown>> = {}): string {
  const exports = { '.': './src/index.ts' };
  const fields = { version: '1.2.3', license: 'Apache-2.0', type: 'module' };
  return `${JSON.stringify({ name, ...fields, exports, ...more }, null, 2)}\n`;
}

const HIGH_EXPORTS = { '.': './src/index.ts', './core': './src/core/index.ts' };

/** A workspace of four packages that breaks no rule. */
const BASIC: Plan = {
  'layers.json': JSON.stringify(LAYERS),
  'package.json': manifest('root', { exports: undefined }),
  'packages/low/package.json': manifest('@our/low'),
  'packages/low/src/index.ts': '',
  'packages/mid/package.json': manifest('@our/mid'),
  'packages/mid/src/index.ts': '',
  'packages/high/package.json': manifest('@our/high', { exports: HIGH_EXPORTS }),
  'packages/high/src/index.ts': '',
  'packages/high/src/core/index.ts': '',
  'packages/top/package.json': manifest('@our/top'),
  'packages/top/src/index.ts': '',
  'docs/reference/exports/low.txt': '@our/low\n',
  'docs/reference/exports/mid.txt': '@our/mid\n',
  'docs/reference/exports/high.txt': '@our/high\n\n@our/high/core\n',
  'docs/reference/exports/top.txt': '@our/top\n',
};

/** Writes the basic workspace, changed by `plan`, to a folder that goes when the test ends. */
export function plantTree(t: TestContext, plan: Plan = {}): Tree {
  const root = mkdtempSync(join(tmpdir(), 'tidy-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ ...BASIC, ...plan })) {
    if (text === null) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return readTree(root);
}

/** What `rule` says of the basic workspace changed by `plan`: `path:line: message`. */
export function complaints(t: TestContext, rule: Rule, plan: Plan): string[] {
  const problems = [...rule.check(plantTree(t, plan))];
  return problems.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}
