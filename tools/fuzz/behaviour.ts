import { createHash } from 'node:crypto';

const longestBehaviour = 120;
const longestSlug = 56;

/** A message without what differs from input to input: numbers, quoted text, hex. */
export function behaviourOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return generalise(message);
}

export function generalise(text: string): string {
  return text
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replaceAll(/'[^']*'/g, "'…'")
    .replaceAll(/\b[0-9a-f]{8,}\b/g, '#')
    .replaceAll(/-?\d+(?:\.\d+)?/g, '#')
    .slice(0, longestBehaviour);
}

/** The name of a corpus file: what it shows, then a hash of the bytes. */
export function corpusName(behaviour: string, input: Uint8Array): string {
  const slug = behaviour
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longestSlug)
    .replaceAll(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 8);
  return `${slug === '' ? 'input' : slug}-${hash}.bin`;
}
