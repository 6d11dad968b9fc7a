import { RuntimeError, type RuntimeErrorCode, type RuntimeErrorMetadata } from '@quorate/runtime';
import { HostError } from '../host-error.ts';
import type { ReachAnswer } from './reach-messages.ts';

type Failed = Extract<ReachAnswer, { kind: 'failed' }>;
type Metadata = Readonly<Record<string, unknown>>;

const durabilityReasons = ['tooFewDomains', 'timeout', 'stopping'] as const;
const unknownReasons = ['timeout', 'linkLost', 'stopping', 'snapshot'] as const;

/** Errors of a proposal that keep their meaning on another node, and what is read of each. */
const travelling: {
  readonly [Code in RuntimeErrorCode]?: (found: Metadata) => RuntimeErrorMetadata[Code];
} = {
  RUNTIME_NO_LEADER: (found) => ({ retryAfterMs: number(found['retryAfterMs']) }),
  RUNTIME_OVERLOADED: (found) => ({ retryAfterMs: number(found['retryAfterMs']) }),
  RUNTIME_COMMAND_TOO_LARGE: (found) => ({
    bytes: number(found['bytes']),
    maxBytes: number(found['maxBytes']),
  }),
  RUNTIME_STORAGE_FULL: () => ({}),
  RUNTIME_PROPOSAL_LOST: (found) => ({ leader: number(found['leader']) }),
  RUNTIME_OUTCOME_UNKNOWN: (found) => ({ reason: oneOf(unknownReasons, found['reason']) }),
  RUNTIME_DURABILITY_UNMET: (found) => ({
    index: number(found['index']),
    reason: oneOf(durabilityReasons, found['reason']),
    depth: number(found['depth']),
    domains: number(found['domains']),
  }),
};

/** What a member says went wrong, as the error that it was there. */
export function errorOf({ code, message, metadata }: Failed): Error {
  if (code === 'HOST_ANSWER_LOST') {
    const { index, reason } = metadata;
    return new HostError(code, message, { index: number(index), reason: String(reason) });
  }
  if (code === 'HOST_QUERY_FAILED') {
    return new HostError(code, message, { reason: String(metadata['reason']) });
  }
  const known = code as RuntimeErrorCode;
  const read = Object.hasOwn(travelling, code) ? travelling[known] : undefined;
  if (read !== undefined) return new RuntimeError(known, message, read(metadata));
  // Of what this version does not know it cannot be said that nothing happened.
  return unknownOutcome('linkLost', `a member answered ${code}: ${message}`);
}

export function unknownOutcome(reason: 'timeout' | 'linkLost', what: string): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OUTCOME_UNKNOWN',
    `The outcome of the command is unknown (${what}): it may have been applied or may yet be. ` +
      'Read before deciding to send it again.',
    { reason },
  );
}

export function overloaded(retryAfterMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_OVERLOADED',
    'Too much waits for members of the group elsewhere; nothing was sent. Retry in ' +
      `${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}

export function noLeader(retryAfterMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_NO_LEADER',
    'No member of the group that knows a leader was reached in time; nothing was appended. Try ' +
      `again in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}

export function readTimeout(timeoutMs: number): RuntimeError {
  return new RuntimeError(
    'RUNTIME_READ_TIMEOUT',
    `No member of the group that knows a leader was reached within ${timeoutMs} ms. Read again.`,
    { timeoutMs },
  );
}

function number(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0;
}

function oneOf<const Known extends readonly [string, ...string[]]>(
  known: Known,
  value: unknown,
): Known[number] {
  return known.find((one) => one === value) ?? known[0];
}
