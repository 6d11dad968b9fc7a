import { shown, ValueProblem } from './value-problem.ts';

const digits = /^\d{1,39}$/;
const hexadecimal = /^0[xX][0-9a-fA-F]{1,32}$/;
const uuid = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Of the largest number of so many bits. */
export const limits = {
  16: 2 ** 16 - 1,
  32: 2 ** 32 - 1,
  64: 2n ** 64n - 1n,
  128: 2n ** 128n - 1n,
} as const;

/**
 * @param text a number of 16 or 32 bits, decimal or 0x
 * @throws ValueProblem
 */
export function parseSmall(text: string, bits: 16 | 32): number {
  const limit = limits[bits];
  const value = digits.test(text) || hexadecimal.test(text) ? Number(text) : Number.NaN;
  if (value <= limit) return value;
  if (Number.isNaN(value)) throw notWhole(text);
  throw new ValueProblem(`${shown(text)} is more than ${limit}`);
}

/**
 * @param text a number of 64 or 128 bits, decimal or 0x
 * @throws ValueProblem
 */
export function parseWide(text: string, bits: 64 | 128): bigint {
  if (!digits.test(text) && !hexadecimal.test(text)) throw notWhole(text);
  const value = BigInt(text);
  if (value <= limits[bits]) return value;
  throw new ValueProblem(`${shown(text)} is more than ${limits[bits]}, which is ${bits} bits`);
}

/**
 * @param text 128 bits: decimal, 0x and hexadecimal digits, or a UUID
 * @throws ValueProblem
 */
export function parseIdentifier(text: string): bigint {
  if (uuid.test(text)) return BigInt(`0x${text.replaceAll('-', '')}`);
  if (digits.test(text) || hexadecimal.test(text)) return parseWide(text, 128);
  throw new ValueProblem(`${shown(text)} is no id; write digits, 0x and hexadecimal, or a UUID`);
}

/** How ids are printed. */
export type IdentifierStyle = 'decimal' | 'hex' | 'uuid';

/** @returns what `parseIdentifier` takes */
export function identifierText(id: bigint, style: IdentifierStyle): string {
  if (style === 'decimal') return String(id);
  const hex = id.toString(16);
  if (style === 'hex') return `0x${hex}`;
  const all = hex.padStart(32, '0');
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((cut, at) => all.slice(cuts[at], cut))
    .join('-');
}

function notWhole(text: string): ValueProblem {
  if (text.startsWith('-')) return new ValueProblem(`${shown(text)} is below 0`);
  return new ValueProblem(`${shown(text)} is no whole number`);
}
