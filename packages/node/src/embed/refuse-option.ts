import { NodeError } from '../node-error.ts';

/**
 * @param field the path of the option
 * @param problem goes on from the field's name
 */
export function refuseOption(field: string, problem: string, fix: string): never {
  throw new NodeError('NODE_OPTIONS_INVALID', `option ${field} ${problem}: ${fix}`, { field, fix });
}

/** What was given, so that text can be told from a number. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}', a string`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** A name that is misspelt would be passed over, and what was asked for not be done. */
export function checkNames(options: unknown, known: readonly string[], kind: string): void {
  if (typeof options !== 'object' || options === null) {
    refuseOption('options', `is ${shown(options)}`, `give an object of ${kind}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) refuseOption(name, 'is unknown', `use one of ${known.join(', ')}`);
  }
}

export function checkId(field: string, id: unknown): void {
  if (Number.isSafeInteger(id) && Number(id) > 0) return;
  refuseOption(field, `is ${shown(id)}`, 'give a whole number from 1 to 2^53 - 1');
}

export function checkBoolean(field: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  refuseOption(field, `is ${shown(value)}`, 'give true or false');
}
