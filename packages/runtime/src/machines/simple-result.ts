import type { ResultCodec } from '../sessions/session-result.ts';
import { MachineError } from './machine-error.ts';

/** What a simple state machine's adapter answers for one entry of the log. */
export type SimpleResult<Result> = AppliedSimpleResult<Result> | RefusedSimpleResult;

/**
 * What `apply` of the simple state machine returned, as plain JSON; undefined where it returned
 * nothing.
 */
export interface AppliedSimpleResult<Result> {
  readonly kind: 'applied';
  readonly result: Result;
}

/** The entry holds no command that the state machine takes. Nothing was changed, on any replica. */
export interface RefusedSimpleResult {
  readonly kind: 'refused';
  readonly reason: string;
}

/**
 * @returns what the state machine answered
 * @throws MachineError RUNTIME_COMMAND_REFUSED
 */
export function appliedResult<Result>(result: SimpleResult<Result>): Result {
  if (result.kind === 'applied') return result.result;
  throw commandRefused(result.reason);
}

export function commandRefused(reason: string, cause?: unknown): MachineError {
  return new MachineError(
    'RUNTIME_COMMAND_REFUSED',
    `the state machine does not take the command: ${reason}; nothing was changed`,
    { reason },
    { cause },
  );
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The first character says what follows; behind the first, nothing stands for undefined. */
const appliedMark = '+';
const refusedMark = '-';

/** For sessions, which keep results: a mark, then JSON. */
export const simpleResults: ResultCodec<SimpleResult<unknown>> = {
  encode(result) {
    if (result.kind === 'refused') return encoder.encode(refusedMark + result.reason);
    const text = result.result === undefined ? '' : JSON.stringify(result.result);
    return encoder.encode(appliedMark + text);
  },
  decode(bytes) {
    const text = decoder.decode(bytes);
    if (text.startsWith(refusedMark)) return { kind: 'refused', reason: text.slice(1) };
    const result: unknown = text.length === 1 ? undefined : JSON.parse(text.slice(1));
    return { kind: 'applied', result };
  },
};
