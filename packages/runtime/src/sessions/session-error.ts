import { CodedError } from '@quorate/base';

/** By code: what a SessionError knows. */
export interface SessionErrorMetadata {
  /** Nothing was restored; `offset` counts from the snapshot's first byte. */
  RUNTIME_SESSIONS_INVALID: { readonly reason: string; readonly offset: number };
}

/** Chunks were not the sessions of one whole snapshot. */
export class SessionError extends CodedError<SessionErrorMetadata, 'RUNTIME_SESSIONS_INVALID'> {
  override readonly name = 'SessionError';
}

export function sessionsInvalid(reason: string, offset: number): never {
  throw new SessionError(
    'RUNTIME_SESSIONS_INVALID',
    `the sessions of a snapshot are invalid before byte ${offset}: ${reason}; ` +
      'nothing was restored, take it again from another replica',
    { reason, offset },
  );
}
