import { ElectionError } from './core/election-error.ts';

/**
 * @param field the path of the option
 * @param problem goes on from the field's name
 */
export function refuse(field: string, problem: string, fix: string): never {
  const message = `option ${field} ${problem}: ${fix}`;
  throw new ElectionError('ELECTION_OPTIONS_INVALID', message, { field });
}

export function checkId(field: string, id: unknown): void {
  if (id === undefined)
    refuse(field, 'is missing', 'give a whole number from 1, each node its own');
  if (Number.isSafeInteger(id) && Number(id) > 0) return;
  refuse(field, `is ${shown(id)}`, 'give a whole number from 1 to 2^53 - 1');
}

export function checkKeys(prefix: string, given: unknown, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const field = prefix === '' ? 'options' : prefix.slice(0, -1);
    refuse(field, `is ${shown(given)}`, `give an object with ${names.join(', ')}`);
  }
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    refuse(`${prefix}${name}`, 'is unknown', `use one of ${names.join(', ')}`);
  }
}

export function checkNumber(field: string, value: unknown, lowest: number, highest: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest) return;
  refuse(field, `is ${shown(value)}`, `give a whole number from ${lowest} to ${highest}`);
}

/** What was given, so that text can be told from a number. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}', a string`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
