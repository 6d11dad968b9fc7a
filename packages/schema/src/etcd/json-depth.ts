/**
 * Far above what a message can nest, and far below what the parser's recursion has room for. etcd's
 * own parser stops at 10,000.
 */
const maxJsonDepth = 1000;

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Whether objects and lists stand deeper inside each other than may be parsed. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (isInText) {
      if (letter === backslash) at += 1;
      else if (letter === quote) isInText = false;
    } else if (letter === quote) isInText = true;
    else if (letter === openBrace || letter === openBracket) {
      depth += 1;
      if (depth > maxJsonDepth) return true;
    } else if (letter === closeBrace || letter === closeBracket) depth -= 1;
  }
  return false;
}
