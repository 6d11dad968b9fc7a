/**
 * Cuts a text off behind the first JSON object in it: who reads one message does not look at what
 * follows, as etcd does not.
 *
 * @returns null when the text does not begin with an object that ends
 */
export function firstObject(text: string): string | null {
  if (!text.trimStart().startsWith('{')) return null;
  let depth = 0;
  let isInText = false;
  for (let at = text.indexOf('{'); at < text.length; at++) {
    const letter = text[at];
    if (isInText) {
      if (letter === '\\') at += 1;
      else if (letter === '"') isInText = false;
    } else if (letter === '"') isInText = true;
    else if (letter === '{') depth += 1;
    else if (letter === '}') {
      depth -= 1;
      if (depth === 0) return text.slice(0, at + 1);
    }
  }
  return null;
}
