import { CodedError } from '@quorate/base';

export interface ServerErrorMetadata {
  SERVER_ADDRESS_IN_USE: { readonly host: string; readonly port: number };
  /** `reason` is the operating system's word for it. */
  SERVER_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  /** A snapshot is not one of this service's: the replica must not go on. */
  SERVER_SNAPSHOT_INVALID: { readonly reason: string };
}

export type ServerErrorCode = keyof ServerErrorMetadata;

export class ServerError<Code extends ServerErrorCode = ServerErrorCode> extends CodedError<
  ServerErrorMetadata,
  Code
> {
  override readonly name = 'ServerError';
}
