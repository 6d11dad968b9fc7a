import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readModule } from '../tidy/module-syntax.ts';
import { tokenize } from '../tidy/tokens.ts';

function read(text: string) {
  return readModule(tokenize(text).code);
}

test('every form of import is found', () => {
  const { imports } = read(`
    import 'bare';
    import type { A, B } from 'type';
    import * as all from 'all';
    const lazy = await import('lazy');
    type T = import('in-type').T;
    export { C } from 'again';
    export type { D } from 'type-again';
  `);
  assert.deepEqual(
    imports.map(({ specifier, line }) => `${line} ${specifier}`),
    ['2 bare', '3 type', '4 all', '5 lazy', '6 in-type', '7 again', '8 type-again'],
  );
});

test('import.meta, members and keys named import are no imports', () => {
  assert.deepEqual(read(`import.meta.url; a.import('x'); f({ import: 'y' });`).imports, []);
});

test('every form of export is found with its name and kind', () => {
  const { exports } = read(`
    export const a = 1;
    export async function b() {}
    export function* c() {}
    export abstract class D {}
    export interface E {}
    export type F = string;
    export { g, type H, i as j, type } from './x.ts';
    export type { K } from './y.ts';
  `);
  assert.deepEqual(
    exports.map(({ name, typeOnly }) => (typeOnly ? `type ${name}` : name)),
    ['a', 'b', 'c', 'D', 'type E', 'type F', 'g', 'type H', 'j', 'type', 'type K'],
  );
});

test('stars and defaults are told apart from names', () => {
  const { exports, imports } = read(`export * from './x.ts';\nexport default 1;`);
  assert.deepEqual(
    exports.map(({ name }) => name),
    ['*', 'default'],
  );
  assert.equal(imports[0]?.specifier, './x.ts');
});
