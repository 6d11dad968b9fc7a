import type { Prng } from '@quorate/base';
import type { JsonShape } from '@quorate/schema';

const words = ['', 'a', 'b', 'key', 'name', '\0', '\u{1f980}', 'x'.repeat(300)];
const depthOfMost = 3;

type Field = JsonShape[number];

/** A message that is well-formed and means nothing. No text in it is the URL of a peer, or root. */
export function garbage(shape: JsonShape, prng: Prng, depth = 0): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of shape) {
    if (prng.chance(0.3)) continue;
    const isTooDeep = field.kind === 'message' && depth === depthOfMost;
    if (isTooDeep) continue;
    message[field.property] =
      field.repeated === true
        ? Array.from({ length: prng.below(4) }, () => value(field, prng, depth))
        : value(field, prng, depth);
  }
  return message;
}

function value({ kind, of }: Field, prng: Prng, depth: number): unknown {
  switch (kind) {
    case 'bytes':
      return Buffer.from(prng.pick(words));
    case 'string':
      return prng.pick(words);
    case 'bool':
      return prng.chance(0.5);
    case 'identity':
      return prng.pick([0n, 7n, 2n ** 62n, 2n ** 63n - 1n, -1n]);
    case 'message':
      return typeof of === 'function' ? garbage(of(), prng, depth + 1) : {};
    case 'enum':
      return prng.below(6);
    default:
      return prng.pick([0, 1, 2, 7, 2 ** 31 - 1, -1]);
  }
}
