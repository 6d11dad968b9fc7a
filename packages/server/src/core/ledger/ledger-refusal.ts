import { unreachable } from '@quorate/base';
import type { RuntimeError } from '@quorate/runtime';
import { ledger } from '@quorate/schema';
import { type RpcError, StatusCode } from '../rpc-error.ts';

/** The kinds of refusals, as they stand on the wire. */
const Kind = {
  malformed: ledger.RefusalKind.REFUSAL_KIND_MALFORMED,
  tooLarge: ledger.RefusalKind.REFUSAL_KIND_TOO_LARGE,
  retry: ledger.RefusalKind.REFUSAL_KIND_RETRY,
  outcomeUnknown: ledger.RefusalKind.REFUSAL_KIND_OUTCOME_UNKNOWN,
  sessionExpired: ledger.RefusalKind.REFUSAL_KIND_SESSION_EXPIRED,
  answerForgotten: ledger.RefusalKind.REFUSAL_KIND_ANSWER_FORGOTTEN,
} as const;

/** Why a request is not answered as it was asked; what that says of its outcome is in `kind`. */
export interface LedgerRefusal {
  readonly kind: (typeof Kind)[keyof typeof Kind];
  readonly reason: string;
  /** 0: at once. */
  readonly retryAfterMs: number;
  /** Of a call of its own. */
  readonly code: StatusCode;
}

/** @returns a refusal of something that may be sent again */
function retry(reason: string, code: StatusCode, retryAfterMs = 0): LedgerRefusal {
  return { kind: Kind.retry, reason, retryAfterMs, code };
}

/** Every refusal that always reads the same. */
export const refusals = {
  overloaded: retry('too much is under way', StatusCode.resourceExhausted, 20),
  queriesBusy: retry('too many queries are under way', StatusCode.unavailable, 20),
  noLeader: retry('there is no leader', StatusCode.unavailable, 20),
  leaderChanged: retry('the leader changed, nothing was done', StatusCode.unavailable),
  diskFull: retry('the disk of the leader is full', StatusCode.resourceExhausted, 1000),
  stopping: retry('the server is stopping', StatusCode.unavailable),
  damaged: retry('what this member has of it is damaged, ask another', StatusCode.unavailable, 20),
  timedOut: retry('no majority answered in time', StatusCode.unavailable),
  windowFull: retry('the session has to acknowledge answers', StatusCode.resourceExhausted, 5),
  tooManySessions: retry('there are too many sessions', StatusCode.resourceExhausted, 1000),
  unknown: {
    kind: Kind.outcomeUnknown,
    reason: 'whether the batch was carried out is not known; the same ids may be sent again',
    retryAfterMs: 0,
    code: StatusCode.unavailable,
  },
  tooLarge: {
    kind: Kind.tooLarge,
    reason: 'the batch has too many bytes',
    retryAfterMs: 0,
    code: StatusCode.invalidArgument,
  },
  sessionExpired: {
    kind: Kind.sessionExpired,
    reason: 'there is no such session any more',
    retryAfterMs: 0,
    code: StatusCode.failedPrecondition,
  },
  answerForgotten: {
    kind: Kind.answerForgotten,
    reason: 'the batch was carried out before, and its answer is not kept any more',
    retryAfterMs: 0,
    code: StatusCode.failedPrecondition,
  },
} as const satisfies Readonly<Record<string, LedgerRefusal>>;

/** @returns that the request is none, whoever reads it */
export function malformed(reason: string): LedgerRefusal {
  return { kind: Kind.malformed, reason, retryAfterMs: 0, code: StatusCode.invalidArgument };
}

/** @returns how a call of its own ends that was refused */
export function rpcErrorOf({ code, reason }: LedgerRefusal): RpcError {
  return { code, message: `ledger: ${reason}` };
}

/** @returns what a proposal or a read that did not go through means to the client */
export function refusalOfRuntime(error: RuntimeError): LedgerRefusal {
  const { code } = error;
  switch (code) {
    case 'RUNTIME_NO_LEADER':
      return refusals.noLeader;
    case 'RUNTIME_NOT_LEADER':
    case 'RUNTIME_PROPOSAL_LOST':
      return refusals.leaderChanged;
    case 'RUNTIME_OVERLOADED':
      return refusals.overloaded;
    case 'RUNTIME_COMMAND_TOO_LARGE':
      return refusals.tooLarge;
    case 'RUNTIME_STORAGE_FULL':
      return refusals.diskFull;
    case 'RUNTIME_STOPPING':
      return refusals.stopping;
    case 'RUNTIME_READ_TIMEOUT':
      return refusals.timedOut;
    // Nothing was appended by a node that had halted before; one that halts with the command under
    // way cannot know.
    case 'RUNTIME_HALTED':
    case 'RUNTIME_DURABILITY_UNMET':
    case 'RUNTIME_CHANGE_REFUSED':
    case 'RUNTIME_TRANSFER_FAILED':
    case 'RUNTIME_OUTCOME_UNKNOWN':
      return refusals.unknown;
    default:
      return unreachable(code);
  }
}
