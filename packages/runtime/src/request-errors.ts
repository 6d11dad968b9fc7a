import type { ForwardResponse } from '@quorate/schema';
import { RuntimeError } from './runtime-error.ts';

/** What a node that handed commands on is told of such a refusal. */
export function outcomeOf(error: RuntimeError): ForwardResponse['outcome'] {
  if (error.code === 'RUNTIME_NOT_LEADER') return 'notLeader';
  return error.code === 'RUNTIME_STORAGE_FULL' ? 'storageFull' : 'overloaded';
}

/** What is told of what comes once a node has begun to close. */
export function closingError(): RuntimeError {
  return new RuntimeError(
    'RUNTIME_STOPPING',
    'This node is closing and takes no new work; ask another.',
    {},
  );
}

/** @param cause what halted the node */
export function haltedError(cause: Error): RuntimeError {
  const { message: reason } = cause;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  return new RuntimeError(
    'RUNTIME_HALTED',
    `This node has halted and takes no new work: ${reason}`,
    { reason, ...(code === undefined ? {} : { code }) },
    { cause },
  );
}

export function storageFullError(): RuntimeError {
  return new RuntimeError(
    'RUNTIME_STORAGE_FULL',
    "The leader's disk has no room for more log; nothing was appended. Free space on it.",
    {},
  );
}

export function overloadedError(retryAfterMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OVERLOADED',
    `Too much is waiting to be committed; nothing was appended. Retry in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}
