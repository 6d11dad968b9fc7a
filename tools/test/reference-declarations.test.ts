import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceModule } from '../reference/source-module.ts';

/** What the file says of `name`: its kind, signature and members, one line each. */
function outline(text: string, name = 'it'): string[] {
  const declared = readSourceModule('src/it.ts', text).declarations.get(name) ?? [];
  return declared.flatMap(({ kind, signature, members }) => [
    `${kind}: ${signature}`,
    ...members.map((member) => member.text),
  ]);
}

test('of a function all is shown but its body', () => {
  assert.deepEqual(
    outline('export async function* it<T>(a: T, b = { c: 1 }): AsyncIterable<T> { yield a; }'),
    ['function: async function* it<T>(a: T, b = { c: 1 }): AsyncIterable<T>;'],
  );
});

test('of overloads the implementation is not shown', () => {
  assert.deepEqual(
    outline(`
      export function it(a: string): string;
      export function it(a: number): number;
      export function it(a: unknown): unknown { return a; }
    `),
    ['function: function it(a: string): string;', 'function: function it(a: number): number;'],
  );
});

test('of a class the public members are shown, without bodies', () => {
  const text = `export abstract class it<T> extends Base<T> implements I {
  static readonly LIMIT: number = 1;
  override readonly name = 'it';
  readonly early = (a: number): number => a + 1;
  #secret = 1;
  private hidden = 2;
  protected forHeirs = 3;
  /** Made from nothing. */
  constructor(seed: number) { super(seed); }
  static { it.LIMIT; }
  /**
   * Two lines.
   */
  get size(): number { return this.#secret; }
  #inner(): void {}
  [Symbol.dispose](): void {}
  many(a: string): void;
  many(a: number): void;
  many(a: unknown): void { a; }
  abstract open(): Promise<T>;
}`;
  assert.deepEqual(outline(text), [
    'class: abstract class it<T> extends Base<T> implements I',
    '  static readonly LIMIT: number;',
    `  override readonly name = 'it';`,
    '  readonly early = (a: number): number => …;',
    '  /** Made from nothing. */\n  constructor(seed: number);',
    '  /**\n   * Two lines.\n   */\n  get size(): number;',
    '  [Symbol.dispose](): void;',
    '  many(a: string): void;',
    '  many(a: number): void;',
    '  abstract open(): Promise<T>;',
  ]);
});

test('that a class cannot be constructed is shown', () => {
  const text = 'export class it { private constructor(a: number) { a; } }';
  assert.deepEqual(outline(text), ['class: class it', '  private constructor();']);
});

test('an interface and a type are shown as they stand, comments included', () => {
  const shape = 'interface it {\n  /** Why. */\n  readonly a: number;\n}';
  assert.deepEqual(outline(`export ${shape}`), [`interface: ${shape}`]);
  assert.deepEqual(outline('export type it = 1 | 2;'), ['type: type it = 1 | 2;']);
});

test('of a constant the type is shown, or what it follows from', () => {
  assert.deepEqual(outline('export const it: Shape = make();'), ['const: const it: Shape;']);
  assert.deepEqual(outline('export const it: number = 3;'), ['const: const it: number = 3;']);
  assert.deepEqual(outline('export const it = 64 * 1024;'), ['const: const it = 64 * 1024;']);
  assert.deepEqual(outline('export const it = (a: A): B => a.b;'), [
    'const: const it = (a: A): B => …;',
  ]);
  const values = 'const it = { a: 1, b: 2 } as const';
  assert.deepEqual(outline(`export ${values};`), [`const: ${values};`]);
  assert.deepEqual(outline('export const { a, b: [it] } = make();'), [
    'const: const { a, b: [it] } = …;',
  ]);
});

test('a value that is too long for a page is left out', () => {
  const rows = Array.from({ length: 50 }, (_, at) => `  row${at}: ${at},`);
  assert.deepEqual(outline(`export const it = {\n${rows.join('\n')}\n};`), [
    'const: const it = …;',
  ]);
});

test('a type and a value of one name stand together', () => {
  const text = 'export const it = { a: 1 } as const;\nexport type it = keyof typeof it;';
  assert.deepEqual(outline(text), [
    'const: const it = { a: 1 } as const;',
    'type: type it = keyof typeof it;',
  ]);
});

test('the docstring is the last one before the declaration, and no other comment', () => {
  const docstring = (text: string) =>
    readSourceModule('src/it.ts', text).declarations.get('it')?.[0]?.docstring;
  assert.equal(docstring('/** Old. */\n/** New. */\nexport const it = 1;'), '* New. ');
  assert.equal(docstring('/** Doc. */\n// why\nexport const it = 1;'), '* Doc. ');
  assert.equal(docstring('/* No. */\n// nor this\nexport const it = 1;'), null);
  assert.equal(docstring('/** Of a. */\nexport const a = 1;\nexport const it = 1;'), null);
});

test('comments before the first statement introduce the file', () => {
  const introduction = (text: string) => readSourceModule('src/it.ts', text).introduction;
  assert.equal(
    introduction('// For all:\n// it.\n\n// Also.\nexport {};'),
    'For all:\nit.\n\nAlso.',
  );
  assert.equal(introduction('/** Of it. */\nexport const it = 1;'), '');
  assert.equal(introduction(''), '');
});

test('a file that cannot be read or shown is named', () => {
  assert.throws(() => outline('export const = 1;'), /^Error: src\/it\.ts cannot be read/);
  assert.throws(() => outline('export default 1;'), /^Error: src\/it\.ts has a default export/);
  assert.throws(() => outline('export enum it { A }'), /src\/it\.ts has an exported TSEnum/);
});
