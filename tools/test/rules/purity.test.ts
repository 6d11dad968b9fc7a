import assert from 'node:assert/strict';
import { test } from 'node:test';
import { purityRule } from '../../tidy/rules/purity.ts';
import { complaints } from '../planted-tree.ts';

const FILE = 'packages/low/src/index.ts';

test('deterministic code may say what it likes', (t) => {
  const text = `
    // Date.now() and setTimeout() would not do.
    const message = 'process, Date and Promise';
    const r = ports.process.performance.now(Math.floor(1.5), Math.imul(2, 3), Math.PI);
    interface Keys { Date: number; process?: string; setTimeout(delayMs: number): void }
    const keys = { console: 1, async: 2, performance() { return 3; } };
    class Timers { setInterval(): void {} }
  `;
  assert.deepEqual(complaints(t, purityRule, { [FILE]: text }), []);
});

test('only what ships from a pure place is held to it', (t) => {
  const text = `import 'node:fs';\nconsole.log(Date.now());`;
  const found = complaints(t, purityRule, {
    'packages/low/test/a.test.ts': text,
    'packages/low/generate.ts': text,
    'packages/high/src/index.ts': text,
    'packages/mid/src/index.ts': 'export async function f(): Promise<void> {}',
  });
  assert.deepEqual(found, []);
});

test('each way to the world outside is named', (t) => {
  const impure = [
    `import { readFile } from 'node:fs';`,
    `type F = import('node:fs').Stats;`,
    'const a = Date.now();',
    'const a = new Date();',
    'const a = performance.now();',
    'setTimeout(f, 1);',
    'const later = x ? setImmediate : 1;',
    'queueMicrotask(f);',
    'f(process, 1);',
    'const a = Buffer.alloc(1);',
    'new Intl.Collator();',
    'console.log(1);',
    'globalThis.Date.now();',
    'a.localeCompare(b);',
    'a.toLocaleString();',
    'crypto.getRandomValues(a);',
  ];
  for (const text of impure) {
    assert.equal(complaints(t, purityRule, { [FILE]: text }).length, 1, text);
  }
});

test('arithmetic that may differ between machines is named', (t) => {
  for (const text of ['Math.random();', 'Math.log2(x);', 'Math.hypot(x, y);', 'f(Math);']) {
    assert.equal(complaints(t, purityRule, { [FILE]: text }).length, 1, text);
  }
});

test('packages without promises have none', (t) => {
  for (const text of ['let a: Promise<void>;', 'async function f() {}', 'f(async () => 1);']) {
    assert.equal(complaints(t, purityRule, { [FILE]: text }).length, 1, text);
  }
});

test('a core folder is pure whoever owns it', (t) => {
  const found = complaints(t, purityRule, { 'packages/high/src/core/a.ts': 'Date.now();' });
  assert.match(found.join(), /core\/a\.ts:1: Date is not deterministic here; use the clock port/);
});

test('a dependency from outside needs a place in layers.json', (t) => {
  const text = `import a from 'allowed';\nimport b from 'allowed/deep';\nimport '@our/low';\n`;
  assert.deepEqual(complaints(t, purityRule, { 'packages/mid/src/index.ts': text }), []);
  const found = complaints(t, purityRule, { [FILE]: text });
  assert.equal(found.length, 2);
  assert.match(found.join(), /pureMayDependOn/);
});
