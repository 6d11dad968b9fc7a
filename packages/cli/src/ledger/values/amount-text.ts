import { limits, parseWide } from './number-text.ts';
import { shown, ValueProblem } from './value-problem.ts';

const decimal = /^(\d{1,39})(?:\.(\d{1,38}))?$/;

/**
 * @param text an amount; with a scale of 2 it is `12`, `12.3` or `12.34`
 * @param scale decimals; 0: whole numbers of the smallest unit
 * @returns the amount in the smallest unit
 * @throws ValueProblem
 */
export function parseAmount(text: string, scale: number): bigint {
  const match = decimal.exec(text);
  if (match === null) {
    if (/^0x/i.test(text)) {
      throw new ValueProblem(`${shown(text)} is no amount; write it in decimal digits`);
    }
    if (scale === 0) return parseWide(text, 128);
    throw new ValueProblem(`${shown(text)} is no amount; write it as 12.34, without signs`);
  }
  const [, whole = '', decimals = ''] = match;
  if (decimals.length > scale) {
    const has = `${shown(text)} has ${count(decimals.length)}`;
    const fix = scale === 0 ? 'give --scale, or the smallest unit' : `--scale takes ${scale}`;
    throw new ValueProblem(`${has}; ${fix}`);
  }
  const value = BigInt(whole + decimals.padEnd(scale, '0'));
  if (value <= limits[128]) return value;
  throw new ValueProblem(`${shown(text)} is more than 128 bits hold`);
}

function count(decimals: number): string {
  return decimals === 1 ? 'a decimal' : `${decimals} decimals`;
}

/** @returns what `parseAmount` takes: 1234 with a scale of 2 is `12.34` */
export function amountText(amount: bigint, scale: number): string {
  if (scale === 0) return String(amount);
  const all = String(amount).padStart(scale + 1, '0');
  return `${all.slice(0, -scale)}.${all.slice(-scale)}`;
}
