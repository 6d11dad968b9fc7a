import { CodedError } from '@quorate/base';

/** By code: what a ServerError knows. */
export interface ServerErrorMetadata {
  SERVER_ADDRESS_IN_USE: { readonly host: string; readonly port: number };
  /** `reason` is the operating system's word for it. */
  SERVER_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  /** How clients prove who they are cannot be as it was configured. */
  SERVER_TOKEN_OPTIONS_INVALID: { readonly reason: string };
  /** The members do not know this node as one of theirs, or not with this data. */
  SERVER_JOIN_REFUSED: { readonly reason: string };
  /** The member whose data this is was removed from its cluster. */
  SERVER_MEMBER_REMOVED: { readonly dataDirectory: string };
  /** A file is not to be taken over as it was asked: a wrong hash, members that do not fit. */
  SERVER_RESTORE_REFUSED: { readonly reason: string };
  SERVER_RESTORE_UNFINISHED: { readonly dataDirectory: string };
  /** A stopped member is not to be made the only voter, or has no state to save. */
  SERVER_RECOVERY_REFUSED: { readonly reason: string };
  /** Where backups go cannot be used, or what was written there is not what was sent. */
  SERVER_BACKUP_FAILED: { readonly target: string; readonly reason: string };
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
