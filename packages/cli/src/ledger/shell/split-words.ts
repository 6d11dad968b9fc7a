/** A line of which the words cannot be told. */
export class UnclosedQuote extends Error {
  override readonly name = 'UnclosedQuote';
}

/**
 * Parts a line into words at spaces. Between quotes, ' or ", spaces are part of the word; behind a
 * backslash any character is, but not within '. A word that begins with # ends the line.
 *
 * @throws UnclosedQuote
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (character === '\\' && quote === '"') word += line.charAt(++at);
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === '#' && word === null) {
      return words;
    } else {
      word = (word ?? '') + (character === '\\' ? line.charAt(++at) : character);
    }
  }
  if (quote !== null) throw new UnclosedQuote(`the quote ${quote} is not closed`);
  if (word !== null) words.push(word);
  return words;
}
