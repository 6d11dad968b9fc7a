import { closing, is, type Token } from './tokens.ts';

/** One function's extent, from the line of its parameters to that of its closing brace. */
export interface FunctionExtent {
  readonly firstLine: number;
  readonly lastLine: number;
  /** Whether it is the body handed to `describe` or `suite`: a list of tests, no function. */
  readonly isSuite: boolean;
}

const CONTROL = ['if', 'for', 'while', 'switch', 'catch', 'with', 'await'];

/** Finds every function, method and arrow function that has a body in braces. */
export function findFunctions(code: readonly Token[]): FunctionExtent[] {
  const found: FunctionExtent[] = [];
  for (let at = 0; at < code.length; at++) {
    if (is(code[at], '=>') && is(code[at + 1], '{')) {
      const start = arrowStart(code, at);
      found.push(extent(code, start, at + 1, isSuiteBody(code, start)));
    } else if (is(code[at], '(') && !is(code[at - 1], ...CONTROL)) {
      const body = bodyAfter(code, closing(code, at) + 1);
      if (body !== undefined) found.push(extent(code, at, body, false));
    }
  }
  return found;
}

function extent(
  code: readonly Token[],
  start: number,
  body: number,
  isSuite: boolean,
): FunctionExtent {
  const firstLine = code[start]?.line ?? 1;
  return { firstLine, lastLine: code[closing(code, body)]?.line ?? firstLine, isSuite };
}

/** Index of the parameters' first token before the `=>` at `arrow`. */
function arrowStart(code: readonly Token[], arrow: number): number {
  let depth = 0;
  for (let at = arrow - 1; at >= 0; at--) {
    if (is(code[at], ')', ']', '}')) depth += 1;
    else if (is(code[at], '(', '[', '{', '${')) depth -= 1;
    if (depth < 0) return at + 1;
    if (depth === 0 && is(code[at], '(')) return is(code[at - 1], 'async') ? at - 1 : at;
    if (depth === 0 && is(code[at], ',', ';', '=', 'return')) return at + 1;
  }
  return 0;
}

/** `describe('...', () => {`, with or without options in between. */
function isSuiteBody(code: readonly Token[], start: number): boolean {
  let depth = 0;
  for (let at = start - 1; at >= 0; at--) {
    if (is(code[at], ')', ']', '}')) depth += 1;
    else if (is(code[at], '(', '[', '{', '${')) depth -= 1;
    if (depth < 0) return is(code[at], '(') && is(code[at - 1], 'describe', 'suite');
  }
  return false;
}

/**
 * Index of the brace that opens the body of the function whose parameters end before `at`.
 *
 * @returns undefined where no body follows: a call, a signature, a parenthesis in an expression
 */
function bodyAfter(code: readonly Token[], at: number): number | undefined {
  if (is(code[at], '{')) return at;
  if (!is(code[at], ':')) return undefined;
  for (let i = at + 1; i < code.length; i++) {
    if (is(code[i], '{')) {
      // Behind a complete type a brace opens the body; elsewhere it belongs to the type.
      if (i > at + 1 && endsType(code[i - 1])) return i;
      i = closing(code, i);
    } else if (is(code[i], '(', '[')) {
      i = closing(code, i);
    } else if (
      is(code[i], ';', '=', ')', ']', '}') ||
      (is(code[i], ',') && !inAngles(code, at, i))
    ) {
      return undefined;
    }
  }
  return undefined;
}

/** Words behind which a type, or a statement's expression, is still to come. */
const OPEN_WORDS =
  'extends is keyof readonly infer asserts typeof unique new return throw case else'.split(' ');

/** Whether a type can be complete with `token`. */
function endsType(token: Token | undefined): boolean {
  if (token === undefined || is(token, ...OPEN_WORDS)) return false;
  return token.kind !== 'punctuator' || is(token, '>', ']', ')', '}');
}

/** Whether a comma at `at` separates type arguments that were opened after `from`. */
function inAngles(code: readonly Token[], from: number, at: number): boolean {
  let depth = 0;
  for (let i = from; i < at; i++) {
    if (is(code[i], '<')) depth += 1;
    else if (is(code[i], '>')) depth -= 1;
  }
  return depth > 0;
}
