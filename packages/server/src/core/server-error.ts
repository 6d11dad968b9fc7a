import { CodedError } from '@quorate/base';

/** By code: what a ServerError knows. */
export interface ServerErrorMetadata {
  SERVER_ADDRESS_IN_USE: { readonly host: string; readonly port: number };
  /** `reason` is the operating system's word for it. */
  SERVER_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  /** How clients prove who they are cannot be as it was configured. */
  SERVER_TOKEN_OPTIONS_INVALID: { readonly reason: string };
  /** A snapshot is not one of this service's: the replica must not go on. */
  SERVER_SNAPSHOT_INVALID: { readonly reason: string };
}

/** Each has a row in docs/reference/errors.md. */
export type ServerErrorCode = keyof ServerErrorMetadata;

/**
 * What keeps the service from starting or going on. Clients are never told of it; they get gRPC's
 * codes.
 */
export class ServerError<Code extends ServerErrorCode = ServerErrorCode> extends CodedError<
  ServerErrorMetadata,
  Code
> {
  override readonly name = 'ServerError';
}
