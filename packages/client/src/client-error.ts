import { CodedError } from '@quorate/base';

/**
 * By code: what a ClientError knows. A write may have happened after CLIENT_OUTCOME_UNKNOWN, has
 * happened after CLIENT_ANSWER_MALFORMED, and has not after any other.
 */
export interface ClientErrorMetadata {
  CLIENT_ENDPOINT_INVALID: { readonly endpoint: string };
  /** No endpoint could be reached; nothing was sent. */
  CLIENT_UNREACHABLE: { readonly endpoints: readonly string[] };
  /** The server said no; nothing was changed. `grpcCode` is gRPC's number, `reason` its text. */
  CLIENT_REFUSED: {
    readonly endpoint: string;
    readonly grpcCode: number;
    readonly reason: string;
  };
  /** The write was sent: it may have happened, may yet happen, or never. Never resend blindly. */
  CLIENT_OUTCOME_UNKNOWN: { readonly endpoint: string; readonly reason: string };
  /** The answer is none of this API. */
  CLIENT_ANSWER_MALFORMED: { readonly endpoint: string; readonly method: string };
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
