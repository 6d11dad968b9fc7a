import { CodedError } from '@quorate/base';

/** By code: what an OptionError knows. `field` is the path of the bad option. */
export interface OptionErrorMetadata {
  RUNTIME_OPTIONS_INVALID: { readonly field: string; readonly fix: string };
}

/** A mistake of the caller's, thrown at once: nothing was begun. */
export class OptionError extends CodedError<OptionErrorMetadata> {
  override readonly name = 'OptionError';
}

export function invalidOption(field: string, found: unknown, fix: string): OptionError {
  const shown = typeof found === 'string' ? JSON.stringify(found) : String(found);
  const message = `option ${field} is ${shown}: ${fix}. Nothing was begun.`;
  return new OptionError('RUNTIME_OPTIONS_INVALID', message, { field, fix });
}
