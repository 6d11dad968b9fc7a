import { CodedError } from '@quorate/base';

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

export type ClientErrorCode = keyof ClientErrorMetadata;

export class ClientError<Code extends ClientErrorCode = ClientErrorCode> extends CodedError<
  ClientErrorMetadata,
  Code
> {
  override readonly name = 'ClientError';
}
