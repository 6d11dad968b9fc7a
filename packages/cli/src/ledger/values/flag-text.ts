import { nearest } from '../../suggestion.ts';
import { parseSmall } from './number-text.ts';
import { shown, ValueProblem } from './value-problem.ts';

/** Names of bits. */
export type FlagNames = Readonly<Record<string, number>>;

/**
 * @param text a number, or names with `|` or `,` between them; nothing is 0
 * @throws ValueProblem that names the nearest flag
 */
export function parseFlags(text: string, names: FlagNames): number {
  if (text === '' || text === '0') return 0;
  if (/^0x/i.test(text)) {
    throw new ValueProblem(`${shown(text)} is no flag; write names, or a decimal number`);
  }
  if (/^\d/.test(text)) return parseSmall(text, 16);
  let flags = 0;
  for (const part of text.split(/[|,]/)) {
    const name = part.trim();
    const bit = Object.hasOwn(names, name) ? names[name] : undefined;
    if (bit === undefined) throw unknownFlag(name, names);
    flags |= bit;
  }
  return flags;
}

function unknownFlag(name: string, names: FlagNames): ValueProblem {
  const near = nearest(name, Object.keys(names));
  const fix = near === null ? `write of ${Object.keys(names).join(', ')}` : `did you mean ${near}?`;
  return new ValueProblem(`${shown(name)} is no flag; ${fix}`);
}

/** @returns names with `|` between them; a number where a bit has no name; nothing for 0 */
export function flagsText(flags: number, names: FlagNames): string {
  const known = Object.entries(names).filter(([, bit]) => (flags & bit) !== 0);
  const all = known.reduce((sum, [, bit]) => sum | bit, 0);
  return all === flags ? known.map(([name]) => name).join('|') : String(flags);
}
