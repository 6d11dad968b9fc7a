import { decodeCommand, KvError } from '@quorate/kv';
import { CommandKind, decodeKeyValueAs } from '../etcd-command.ts';
import type { AuthRefusal } from './auth-model.ts';
import type { AuthStore } from './auth-store.ts';
import type { LeaseKeys } from './user-access.ts';

/** What the store is to apply of a log entry, or why it is to apply nothing. */
export type Admission =
  | { readonly refusal: null; readonly command: Uint8Array }
  | { readonly refusal: AuthRefusal | 'malformed'; readonly command: null };

/**
 * Decides at its place in the log whether a command for the store may be applied. Whoever proposed
 * it has checked it under an auth revision. While that is the same the check still holds, and all
 * there is to look at are leases, whose keys change without it; under another it is refused, so
 * that no permission is used that was taken away before.
 *
 * @param entry of kind `keyValue` or `keyValueAs`
 * @param keysOf called only where leases count
 */
export function admit(entry: Uint8Array, auth: AuthStore, keysOf: LeaseKeys): Admission {
  if (entry[0] === CommandKind.keyValue) return admitUnsigned(entry.subarray(1), auth);
  const signed = decodeKeyValueAs(entry);
  if (signed === null) return refused('malformed');
  const { asker, usesLease, encoded } = signed;
  if (!auth.isEnabled) return admitted(encoded);
  if (asker.user === '') return refused('userNameEmpty');
  if (asker.authRevision !== auth.revision) return refused('authRevisionOld');
  const access = auth.access(asker.user);
  if (access === undefined) return refused('permissionDenied');
  if (!usesLease || access.isAdmin) return admitted(encoded);
  const command = decoded(encoded);
  if (command !== null && !access.mayPropose(command, keysOf)) return refused('permissionDenied');
  return admitted(encoded);
}

/** Without anybody's name, only what members propose by themselves. */
function admitUnsigned(encoded: Uint8Array, auth: AuthStore): Admission {
  if (!auth.isEnabled) return admitted(encoded);
  switch (decoded(encoded)?.kind) {
    case 'leaseTick':
    case 'leaseKeepAlive':
    case 'compact':
      return admitted(encoded);
    default:
      return refused('userNameEmpty');
  }
}

/** Null: it is malformed, which the store says as well. */
function decoded(encoded: Uint8Array): ReturnType<typeof decodeCommand> | null {
  try {
    return decodeCommand(encoded);
  } catch (error) {
    if (error instanceof KvError) return null;
    throw error;
  }
}

function admitted(command: Uint8Array): Admission {
  return { refusal: null, command };
}

function refused(refusal: AuthRefusal | 'malformed'): Admission {
  return { refusal, command: null };
}
