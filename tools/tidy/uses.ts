import { closing, is, isMember, type Token } from './tokens.ts';

/**
 * The places where a word stands for a variable: neither a member (`ports.process`), nor a key, a
 * parameter or a method that merely bears the name.
 *
 * Errs towards reporting: a name that hides a global is worth another name anyway.
 */
export function* findUses(
  code: readonly Token[],
  words: ReadonlySet<string>,
): Iterable<{ readonly token: Token; readonly at: number }> {
  for (let at = 0; at < code.length; at++) {
    const token = code[at] as Token;
    if (token.kind !== 'identifier' || !words.has(token.text)) continue;
    if (!isMember(code, at) && !isKey(code, at) && !isMethod(code, at)) yield { token, at };
  }
}

/** `{ name: ...`, `, name?: ...`, `(name: ...`; in a conditional the word before is `?`. */
function isKey(code: readonly Token[], at: number): boolean {
  if (!is(code[at - 1], '{', ',', ';', '(', '}', 'readonly')) return false;
  return is(code[at + 1], ':') || (is(code[at + 1], '?') && is(code[at + 2], ':'));
}

/** A statement's call is never followed by a type or a body. */
function isMethod(code: readonly Token[], at: number): boolean {
  if (!is(code[at + 1], '(') || !is(code[at - 1], '{', '}', ';', ',', 'async', 'get')) return false;
  return is(code[closing(code, at + 1) + 1], ':', '{');
}
