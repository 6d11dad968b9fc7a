import { CodedError } from '@quorate/base';

/**
 * By code: what a ClientError knows. A write may have happened after CLIENT_OUTCOME_UNKNOWN, has
 * happened after CLIENT_ANSWER_MALFORMED, and has not after any other.
 */
export interface ClientErrorMetadata {
  CLIENT_ENDPOINT_INVALID: { readonly endpoint: string };
  /** The certificates or the key cannot be used. */
  CLIENT_TLS_INVALID: { readonly reason: string };
  /** No endpoint could be reached; nothing was sent. */
  CLIENT_UNREACHABLE: { readonly endpoints: readonly string[] };
  /**
   * The server said no, or a read's time is over; nothing was changed. `grpcCode` is gRPC's number,
   * `reason` its text.
   */
  CLIENT_REFUSED: {
    readonly endpoint: string;
    readonly grpcCode: number;
    readonly reason: string;
  };
  /** The write was sent: it may have happened, may yet happen, or never. Never resend blindly. */
  CLIENT_OUTCOME_UNKNOWN: { readonly endpoint: string; readonly reason: string };
  /** The answer is none of this API. */
  CLIENT_ANSWER_MALFORMED: { readonly endpoint: string; readonly method: string };
  /** The client was closed while this was going on. */
  CLIENT_CLOSED: Record<never, never>;
  /**
   * A watch needs events from `fromRevision` on, and the cluster has forgotten those before
   * `compactRevision`: read the keys, then watch from the revision of that answer + 1.
   */
  CLIENT_COMPACTED: { readonly fromRevision: number; readonly compactRevision: number };
  /** The lease may be over: what was kept by it may be someone else's from now on. */
  CLIENT_LEASE_LOST: { readonly lease: bigint; readonly reason: string };
  /** A snapshot broke off, or is not what was sent: what came of it is of no use. */
  CLIENT_SNAPSHOT_INCOMPLETE: { readonly endpoint: string; readonly reason: string };
  /** The key of a lock or of a candidate is gone, or is another's; `name` is theirs. */
  CLIENT_NOT_OWNER: { readonly name: string };
  /** Events cannot be put into a batch so, or a server answered with what is not known here. */
  CLIENT_BATCH_INVALID: { readonly reason: string };
  /** More of a ledger's calls wait than may; nothing of this one was sent. */
  CLIENT_LEDGER_BUSY: { readonly queuedEvents: number; readonly batches: number };
}

/** Each has a row in docs/reference/errors.md. */
export type ClientErrorCode = keyof ClientErrorMetadata;

/** All that the methods of a client reject with. Decide by `code`; `message` is for people. */
export class ClientError<Code extends ClientErrorCode = ClientErrorCode> extends CodedError<
  ClientErrorMetadata,
  Code
> {
  override readonly name = 'ClientError';
}

/** @returns that the client was closed meanwhile */
export function clientClosed(): ClientError<'CLIENT_CLOSED'> {
  return new ClientError('CLIENT_CLOSED', 'the client was closed; connect another one', {});
}

/** The reason when a call's time is over and the server has said nothing. */
export const noAnswerInTime = 'no answer in time';

/** gRPC's DEADLINE_EXCEEDED. */
const deadlineExceeded = 4;

function isTimeout(grpcCode: number, reason: string): boolean {
  return grpcCode === deadlineExceeded || reason.startsWith('etcdserver: request timed out');
}

/** @returns that a server said no, or that its answer did not come in time */
export function refused(
  endpoint: string,
  grpcCode: number,
  reason: string,
): ClientError<'CLIENT_REFUSED'> {
  const what = isTimeout(grpcCode, reason) ? 'timed out' : 'refused';
  const message = `${endpoint} ${what}: ${reason}`;
  return new ClientError('CLIENT_REFUSED', message, { endpoint, grpcCode, reason });
}
