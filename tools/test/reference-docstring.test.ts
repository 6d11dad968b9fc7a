import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDocstring } from '../reference/docstring.ts';
import { codeBlock, docstringMarkdown, proseMarkdown } from '../reference/docstring-markdown.ts';

const LINKS = {
  link: (target: string) => (target === './near.md' ? '../far/near.md' : null),
  mention: (path: string) => (path === 'docs/errors.md' ? 'errors.md' : null),
};

function render(comment: string): string {
  return docstringMarkdown(readDocstring(comment), LINKS);
}

test('a docstring of one line is its description', () => {
  assert.equal(render('* One line. '), 'One line.');
});

test('paragraphs and lists keep their lines, without the stars', () => {
  const comment = '*\n   * First.\n   *\n   * - one\n   *   more\n   * - two\n   ';
  assert.equal(render(comment), 'First.\n\n- one\n  more\n- two');
});

test('every tag is an item, with its further lines below it', () => {
  const comment = `*
 * Adds.
 *
 * @param a the first,
 *   on two lines
 * @param {number} b - the second
 * @typeParam T of both
 * @returns the sum
 * @throws RangeError when it is too large
 * @throws TypeError otherwise
 * @beta
 `;
  assert.equal(
    render(comment),
    `Adds.

- \`a\`: the first,
  on two lines
- \`b\`: the second
- type \`T\`: of both
- **Returns** the sum
- **Throws** RangeError when it is too large
- **Throws** TypeError otherwise
- **beta**`,
  );
});

test('a docstring may be nothing but a tag', () => {
  assert.equal(render('* @returns what was asked for '), '- **Returns** what was asked for');
});

test('what looks like a tag within a fence is code', () => {
  const comment = '*\n * ```ts\n * @decorated\n * class A {}\n * ```\n ';
  assert.deepEqual(readDocstring(comment).tags, []);
  assert.equal(render(comment), '```ts\n@decorated\nclass A {}\n```');
});

test('examples come last, fenced when they are not', () => {
  const plain = '*\n * @example\n * add(1, 2);\n * @returns it\n ';
  assert.equal(render(plain), '- **Returns** it\n\n```ts\nadd(1, 2);\n```');
  const fenced = '*\n * @example\n * ```sh\n * add\n * ```\n ';
  assert.equal(render(fenced), '```sh\nadd\n```');
});

test('links lead from the page, and what leads nowhere is shown as written', () => {
  const prose = (text: string) => proseMarkdown(text, LINKS);
  assert.equal(prose('see [it](./near.md)'), 'see [it](../far/near.md)');
  assert.equal(prose('call handlers[name](x)'), 'call handlers[name]\\(x)');
  assert.equal(prose('[out](https://example.org/a)'), '[out](https://example.org/a)');
  assert.equal(prose('(see docs/errors.md)'), '(see [docs/errors.md](errors.md))');
  assert.equal(prose('docs/gone.md, my/docs/errors.md'), 'docs/gone.md, my/docs/errors.md');
  assert.equal(prose('{@link Other} and {@link Other | that}'), '`Other` and `that`');
});

test('prose makes neither headings nor HTML, and code stays as it is', () => {
  const prose = (text: string) => proseMarkdown(text, LINKS);
  assert.equal(prose('# 1\n## 2'), '\\# 1\n\\## 2');
  assert.equal(prose('a Map<string, T>, 1 < 2'), 'a Map&lt;string, T>, 1 < 2');
  assert.equal(prose('a `Map<T>` of `[a](b)`'), 'a `Map<T>` of `[a](b)`');
  const fenced = '```\n# <b> [a](b)\n```';
  assert.equal(prose(fenced), fenced);
});

test('a fence that nothing closes is closed, so that the page goes on', () => {
  assert.equal(proseMarkdown('```\n# code', LINKS), '```\n# code\n```');
});

test('a block of code is fenced by more than is in it', () => {
  assert.equal(codeBlock('a'), '```ts\na\n```');
  assert.equal(codeBlock('/** ```` */'), '`````ts\n/** ```` */\n`````');
});
