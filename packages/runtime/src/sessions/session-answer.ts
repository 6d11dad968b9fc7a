import type { RuntimeError } from '../runtime-error.ts';
import type { SessionResult } from './session-result.ts';

/**
 * What came of one attempt to propose.
 *
 * - `result`: it was applied.
 * - `notAppended`: this attempt has not happened and never will; another may be made.
 * - `tooLarge`: the same, and it would be for every other attempt.
 * - `outcomeUnknown`: it may have happened, may happen yet, or never.
 */
export type SessionAnswer<Result> =
  | { readonly kind: 'result'; readonly result: SessionResult<Result> }
  | { readonly kind: 'notAppended'; readonly retryAfterMs: number }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'outcomeUnknown' };

/**
 * Reads what an error of `GroupHandle.propose` says about the attempt. One that it does not name
 * leaves the outcome unknown: that is never wrong, and all there is to say for a client when the
 * command is committed but not durable enough yet, since asking again is the way to wait for it.
 */
export function answerOfError(error: RuntimeError): SessionAnswer<never> {
  switch (error.code) {
    case 'RUNTIME_NOT_LEADER':
    case 'RUNTIME_STORAGE_FULL':
    case 'RUNTIME_STOPPING':
    case 'RUNTIME_PROPOSAL_LOST':
      return { kind: 'notAppended', retryAfterMs: 0 };
    case 'RUNTIME_NO_LEADER':
    case 'RUNTIME_OVERLOADED':
      return {
        kind: 'notAppended',
        retryAfterMs: 'retryAfterMs' in error.metadata ? error.metadata.retryAfterMs : 0,
      };
    case 'RUNTIME_COMMAND_TOO_LARGE':
      return { kind: 'tooLarge' };
    default:
      return { kind: 'outcomeUnknown' };
  }
}
