import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFunctions } from '../tidy/functions.ts';
import { tokenize } from '../tidy/tokens.ts';

function extents(text: string): string[] {
  const found = findFunctions(tokenize(text).code);
  return found.map(({ firstLine, lastLine }) => `${firstLine}-${lastLine}`);
}

test('functions, methods and arrow functions are measured from parameters to brace', () => {
  assert.deepEqual(extents('function f(\n  a: number,\n): void {\n}'), ['1-4']);
  assert.deepEqual(extents('class A {\n  #m(): Map<string, { a: number }> {\n  }\n}'), ['2-3']);
  assert.deepEqual(extents('const f = async (\n  a,\n) => {\n};'), ['1-4']);
  assert.deepEqual(extents('class A {\n  get b() {\n    return { a: 1 };\n  }\n}'), ['2-4']);
});

test('a return type may be an object, a predicate or a union', () => {
  assert.deepEqual(extents('function f(): { a: number } {\n}'), ['1-2']);
  assert.deepEqual(extents('function f(x): x is A {\n}'), ['1-2']);
  assert.deepEqual(extents('function f(): A[] | undefined {\n}'), ['1-2']);
});

test('control flow, calls, signatures and conditionals are no functions', () => {
  const texts = [
    'if (a) {\n}',
    'for (const a of b) {\n}',
    'for await (const a of b) {\n}',
    'while (a) {\n}',
    'switch (a) {\n  case (b): {\n  }\n}',
    'try {\n} catch (error) {\n}',
    'interface A {\n  f(a: number): { b: number };\n}',
    'const a = b ? f(c) : { d: 1 };',
    'f(a, { b: 1 });',
  ];
  for (const text of texts) assert.deepEqual(extents(text), [], text);
});

test('the body handed to describe is a list of tests', () => {
  const suites = findFunctions(
    tokenize(`describe('x', () => {\n test('y', () => {\n });\n});`).code,
  );
  assert.deepEqual(
    suites.map(({ isSuite }) => isSuite),
    [true, false],
  );
});
