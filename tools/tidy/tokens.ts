/**
 * A tokenizer for TypeScript without JSX, just deep enough for the rules of this house: strings,
 * templates, regular expressions and comments never leak into the code tokens.
 *
 * Why our own: the native TypeScript compiler has no JavaScript API, and a lexer needs no grammar.
 */
export type TokenKind = 'identifier' | 'number' | 'string' | 'template' | 'regex' | 'punctuator';

export interface Token {
  readonly kind: TokenKind;
  /** The source text; for a string without its quotes. */
  readonly text: string;
  /** Line of its first character, 1-based. */
  readonly line: number;
}

export interface Comment {
  readonly text: string;
  readonly line: number;
}

export interface Tokens {
  readonly code: readonly Token[];
  readonly comments: readonly Comment[];
}

const SPACE = /[\s\uFEFF]+/uy;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//uy;
const IDENTIFIER = /#?[$_\p{ID_Start}][$\p{ID_Continue}]*/uy;
const NUMBER = /0[xXoObB][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?n?/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const TEMPLATE_CHUNK = /(?:[^`\\$]+|\\[\s\S]|\$(?!\{))*/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
// `>` stays single, so that closing type parameters look the same wherever they stand.
const PUNCTUATOR =
  /=>|\.\.\.|\?\.(?!\d)|\?\?=?|\*\*=?|&&=?|\|\|=?|[=!]==?|\+\+|--|<<=?|<=|[-+*/%&|^]=|[\s\S]/y;

const BEFORE_REGEX = new Set(
  'return typeof case in of delete void throw new do else instanceof await yield'.split(' '),
);
const HEADS_OF_PARENTHESES = new Set(['if', 'while', 'for', 'with']);

/** Splits `text` into code tokens and comments; never throws, whatever the text. */
export function tokenize(text: string): Tokens {
  return new Tokenizer(text).run();
}

class Tokenizer {
  readonly #text: string;
  readonly #code: Token[] = [];
  readonly #comments: Comment[] = [];
  /** For each open `(` the token before it. */
  readonly #parentheses: (Token | undefined)[] = [];
  /** For each open `{` whether it is a template's `${`. */
  readonly #braces: boolean[] = [];
  /** What stood before the parenthesis that was closed last. */
  #closedAfter: Token | undefined;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Tokens {
    if (this.#text.startsWith('#!')) this.#take(/[^\n]*/y);
    while (this.#at < this.#text.length) this.#next();
    return { code: this.#code, comments: this.#comments };
  }

  #next(): void {
    if (this.#take(SPACE) !== undefined) return;
    const line = this.#line;
    const comment = this.#take(COMMENT);
    if (comment !== undefined) this.#comments.push({ text: comment, line });
    else if (!this.#literal(line)) this.#punctuator(this.#take(PUNCTUATOR) ?? '', line);
  }

  /** Reads a word, a number, a string, a template or a regular expression, if one begins here. */
  #literal(line: number): boolean {
    if (this.#text[this.#at] === '`') {
      this.#at += 1;
      this.#template(line);
      return true;
    }
    return (
      this.#tryPush('identifier', IDENTIFIER, line) ||
      this.#tryPush('number', NUMBER, line) ||
      this.#tryPush('string', STRING, line) ||
      (this.#regexMayStart() && this.#tryPush('regex', REGEX, line))
    );
  }

  #punctuator(text: string, line: number): void {
    if (text === '(') this.#parentheses.push(this.#code.at(-1));
    else if (text === ')') this.#closedAfter = this.#parentheses.pop();
    else if (text === '{') this.#braces.push(false);
    this.#push('punctuator', text, line);
    if (text === '}' && this.#braces.pop()) this.#template(line);
  }

  /** Reads a template's text behind its backquote, or behind the brace that ends a `${`. */
  #template(line: number): void {
    this.#push('template', this.#take(TEMPLATE_CHUNK) ?? '', line);
    if (this.#text[this.#at] === '`') {
      this.#at += 1;
    } else if (this.#text.startsWith('${', this.#at)) {
      this.#at += 2;
      this.#braces.push(true);
      this.#push('punctuator', '${', this.#line);
    }
  }

  #regexMayStart(): boolean {
    const before = this.#code.at(-1);
    if (before === undefined) return true;
    if (before.kind === 'identifier') {
      return BEFORE_REGEX.has(before.text) && !isMember(this.#code, this.#code.length - 1);
    }
    if (before.kind !== 'punctuator') return false;
    if (before.text === ')') {
      return HEADS_OF_PARENTHESES.has(this.#closedAfter?.text ?? '');
    }
    if (before.text === '!') return !endsOperand(this.#code.at(-2));
    return before.text !== ']' && before.text !== '++' && before.text !== '--';
  }

  #push(kind: TokenKind, text: string, line: number): void {
    this.#code.push({ kind, text, line });
  }

  #tryPush(kind: TokenKind, pattern: RegExp, line: number): boolean {
    const text = this.#take(pattern);
    if (text === undefined) return false;
    this.#push(kind, kind === 'string' ? text.slice(1, -1) : text, line);
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined || (text === '' && pattern !== TEMPLATE_CHUNK)) return undefined;
    this.#at += text.length;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#line += 1;
    return text;
  }
}

/** Whether `token` is this word or punctuator, and not a string that happens to read so. */
export function is(token: Token | undefined, ...texts: readonly string[]): boolean {
  if (token === undefined) return false;
  return (token.kind === 'punctuator' || token.kind === 'identifier') && texts.includes(token.text);
}

/** Whether the word at `at` is reached through a dot. */
export function isMember(code: readonly Token[], at: number): boolean {
  return is(code[at - 1], '.', '?.');
}

/** Whether `token` ends a value, so that what follows is an operator and no operand. */
function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'identifier') return !BEFORE_REGEX.has(token.text);
  return token.kind !== 'punctuator' || is(token, ')', ']', '}');
}

/**
 * @param at index of an opening bracket
 * @returns index of the bracket that closes it, or the last token when nothing does
 */
export function closing(code: readonly Token[], at: number): number {
  let depth = 0;
  for (let i = at; i < code.length; i++) {
    const token = code[i];
    if (is(token, '(', '[', '{', '${')) depth += 1;
    else if (is(token, ')', ']', '}')) depth -= 1;
    if (depth === 0) return i;
  }
  return code.length - 1;
}
