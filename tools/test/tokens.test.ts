import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tokenize } from '../tidy/tokens.ts';

function words(text: string): string[] {
  return tokenize(text).code.map(({ kind, text: part }) => `${kind[0]}:${part}`);
}

test('comments are no code, and code in comments is none', () => {
  const { code, comments } = tokenize('a // b\n/* c\n */ d');
  assert.deepEqual(
    code.map(({ text, line }) => [text, line]),
    [
      ['a', 1],
      ['d', 3],
    ],
  );
  assert.deepEqual(
    comments.map(({ text, line }) => [text, line]),
    [
      ['// b', 1],
      ['/* c\n */', 2],
    ],
  );
});

test('strings keep what is inside to themselves', () => {
  assert.deepEqual(words(`'a // b' "it's" 'don\\'t'`), ['s:a // b', "s:it's", "s:don\\'t"]);
});

test('the code in a template is code, its text is not, however deep', () => {
  assert.deepEqual(words('`a ${b + `c ${d}`} // e` f'), [
    't:a ',
    'p:${',
    'i:b',
    'p:+',
    't:c ',
    'p:${',
    'i:d',
    'p:}',
    't:',
    'p:}',
    't: // e',
    'i:f',
  ]);
});

test('an object inside a template does not end the substitution', () => {
  assert.deepEqual(words('`${{ a: 1 }.a}` b').slice(-5), ['p:.', 'i:a', 'p:}', 't:', 'i:b']);
});

test('a slash is a regular expression where a value may begin', () => {
  for (const before of ['x = ', 'return ', 'f(', '[', 'if (x) ', '!', '{ ', '']) {
    assert.equal(words(`${before}/[/'"]\`/g.test(y)`).includes(`r:/[/'"]\`/g`), true, before);
  }
});

test('a slash is a division behind a value', () => {
  for (const before of ['x', 'f(x)', 'x[0]', '2', 'x!', 'x++', 'a.return']) {
    assert.equal(words(`${before} / 2 / y`).includes('p:/'), true, before);
  }
});

test('closing type parameters stay single', () => {
  assert.deepEqual(words('Map<A, Set<B>>').slice(-2), ['p:>', 'p:>']);
});

test('no text makes it fail, and lines only grow', () => {
  const piece = fc.constantFrom(
    '`',
    '${',
    '}',
    '/',
    '"',
    "'",
    '\\',
    '\n',
    '/*',
    '*/',
    'a',
    '(',
    ')',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const lines = tokenize(text).code.map(({ line }) => line);
      assert.deepEqual(
        lines,
        lines.toSorted((a, b) => a - b),
      );
      assert.ok((lines.at(-1) ?? 1) <= text.split('\n').length);
    }),
  );
});
