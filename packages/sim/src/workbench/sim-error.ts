import { CodedError } from '@quorate/base';

/** By code: what a SimError knows. */
export interface SimErrorMetadata {
  /** `field` of the options, or of a plan, cannot be used; `fix` says what can. */
  SIM_OPTIONS_INVALID: { readonly field: string; readonly fix: string };
  /**
   * A run broke `property`. `plan` plays it again; `hash` is that of its events, by which one run
   * is told from another.
   */
  SIM_RUN_FAILED: {
    readonly seed: number;
    readonly property: string;
    readonly plan: string;
    readonly atMs: number;
    readonly hash: string;
  };
}

/** Each has a row in docs/reference/errors.md. */
export type SimErrorCode = keyof SimErrorMetadata;

/** A check under the simulator could not be done, or found something. */
export class SimError<Code extends SimErrorCode = SimErrorCode> extends CodedError<
  SimErrorMetadata,
  Code
> {
  override readonly name = 'SimError';
}

/** @param problem of the field, as the rest of a sentence that begins with its name */
export function optionInvalid(field: string, problem: string, fix: string): SimError {
  return new SimError('SIM_OPTIONS_INVALID', `option ${field} ${problem}: ${fix}`, { field, fix });
}
