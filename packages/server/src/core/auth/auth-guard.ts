import type { KeyRange, KvCommand, Operation } from '@quorate/kv';
import { keyValueCommand, keyValueCommandAs } from '../etcd-command.ts';
import type { CallContext } from '../method.ts';
import { type RpcError, rpcErrors } from '../rpc-error.ts';
import { rpcErrorOfAuth } from './auth-errors.ts';
import type { Asker } from './auth-model.ts';
import type { AppliedLog, TokenHolder, TokenProvider } from './auth-ports.ts';
import type { AuthStore } from './auth-store.ts';
import { type LeaseKeys, type UserAccess, usesLease } from './user-access.ts';

export interface AuthGuardOptions {
  readonly store: AuthStore;
  readonly keysOfLease: LeaseKeys;
  /** Null: no token is ever right. */
  readonly tokens: TokenProvider | null;
  readonly log: AppliedLog;
}

const nobody: Asker = { user: '', authRevision: 0 };

const mayWriteAll = (access: UserAccess, keys: readonly Uint8Array[]): boolean =>
  access.mayWriteAll(keys);
const mayReadAll = (access: UserAccess, keys: readonly Uint8Array[]): boolean =>
  access.mayReadAll(keys);

/**
 * Says for every service who may do what. Each question is answered with an error for the client,
 * or null: it may. With auth off that is one comparison.
 *
 * Ask when a call's message is at hand, for a read at the moment of reading, and never when a
 * stream begins: a stream lives longer than permissions, and its token may not be settled then.
 */
export class AuthGuard {
  readonly #store: AuthStore;
  readonly #keysOf: LeaseKeys;
  readonly #tokens: TokenProvider | null;
  readonly #log: AppliedLog;

  constructor({ store, keysOfLease, tokens, log }: AuthGuardOptions) {
    this.#store = store;
    this.#keysOf = keysOfLease;
    this.#tokens = tokens;
    this.#log = log;
  }

  get isEnabled(): boolean {
    return this.#store.isEnabled;
  }

  /** For what every user may do. */
  userRefusal(call: CallContext): RpcError | null {
    if (!this.#store.isEnabled) return null;
    const who = this.#identify(call);
    if (isError(who)) return who;
    return this.#store.user(who.user) === undefined ? rpcErrors.permissionDenied : null;
  }

  /** For what needs the role `root`. */
  adminRefusal(call: CallContext): RpcError | null {
    if (!this.#store.isEnabled) return null;
    const who = this.#identify(call);
    if (isError(who)) return who;
    const refusal = this.#store.adminRefusal(who.user);
    return refusal === null ? null : rpcErrorOfAuth(refusal);
  }

  /** For reading keys, now or as they change. */
  readRefusal(call: CallContext, range: KeyRange): RpcError | null {
    if (!this.#store.isEnabled) return null;
    return this.#keysRefusal(call, (access) => access.mayRead(range));
  }

  /** For an operation that is carried out without the log, such as a read-only transaction. */
  operationRefusal(call: CallContext, operation: Operation): RpcError | null {
    if (!this.#store.isEnabled) return null;
    return this.#keysRefusal(call, (access) => access.mayOperate(operation, this.#keysOf));
  }

  /** For a command that goes into the log, where `loggedCommand` must be what is proposed. */
  commandRefusal(call: CallContext, command: KvCommand): RpcError | null {
    if (!this.#store.isEnabled) return null;
    switch (command.kind) {
      case 'compact':
      case 'leaseTick':
        return this.adminRefusal(call);
      case 'leaseGrant':
        return this.userRefusal(call);
      case 'leaseRevoke':
        return this.#leasesRefusal(call, [command.id], mayWriteAll);
      case 'leaseKeepAlive':
        return this.#leasesRefusal(call, command.ids, mayWriteAll);
      default:
        return this.operationRefusal(call, command);
    }
  }

  /** For renewing a lease, which is proposed without a name, together with others. */
  renewalRefusal(call: CallContext, id: bigint): RpcError | null {
    if (!this.#store.isEnabled) return null;
    return this.#leasesRefusal(call, [id], mayWriteAll);
  }

  /** For reading which keys leases have. */
  leaseKeysRefusal(call: CallContext, ids: readonly bigint[]): RpcError | null {
    if (!this.#store.isEnabled) return null;
    return this.#leasesRefusal(call, ids, mayReadAll);
  }

  /**
   * @param encoded `command`, as `encodeCommand` wrote it
   * @returns what to propose: with auth on, the name of who asks goes with it
   */
  loggedCommand(call: CallContext, command: KvCommand, encoded: Uint8Array): Uint8Array {
    if (!this.#store.isEnabled) return keyValueCommand(encoded);
    return keyValueCommandAs(encoded, this.asker(call), usesLease(command));
  }

  /** Who asks, as the log is told: nobody where that is unknown, or auth is off. */
  asker(call: CallContext): Asker {
    if (!this.#store.isEnabled) return nobody;
    const who = this.#identify(call);
    return isError(who) ? nobody : { user: who.user, authRevision: this.#store.revision };
  }

  /** Whether the questions above can be asked already; if not, `settle` comes first. */
  isSettled({ token }: CallContext): boolean {
    if (!this.#store.isEnabled || token === '' || this.#tokens === null) return true;
    return this.#tokens.find(token) !== null;
  }

  /** @param done called once it is known whose token the call has, or that it is void */
  settle({ token }: CallContext, done: () => void): void {
    if (this.#tokens === null) done();
    else this.#tokens.settle(token, this.#log, done);
  }

  /** A token of an old auth revision is good for no key, not even one of root's. */
  #keysRefusal(call: CallContext, isAllowed: (access: UserAccess) => boolean): RpcError | null {
    const who = this.#identify(call);
    if (isError(who)) return who;
    if (this.#isOld(who)) return rpcErrors.authRevisionOld;
    const access = this.#store.access(who.user);
    return access !== undefined && isAllowed(access) ? null : rpcErrors.permissionDenied;
  }

  /** Of leases only the keys need a permission, so that without any a token is never too old. */
  #leasesRefusal(
    call: CallContext,
    ids: readonly bigint[],
    isAllowed: (access: UserAccess, keys: readonly Uint8Array[]) => boolean,
  ): RpcError | null {
    const who = this.#identify(call);
    if (isError(who)) return who;
    const access = this.#store.access(who.user);
    if (access?.isAdmin === true) return null;
    for (const id of ids) {
      const keys = this.#keysOf(id);
      if (keys.length === 0) continue;
      if (this.#isOld(who)) return rpcErrors.authRevisionOld;
      if (access !== undefined && !isAllowed(access, keys)) return rpcErrors.permissionDenied;
    }
    return access === undefined ? rpcErrors.permissionDenied : null;
  }

  #isOld({ authRevision }: TokenHolder): boolean {
    return authRevision !== null && authRevision < this.#store.revision;
  }

  /** A token counts before a certificate; one that is void is not made good by one. */
  #identify({ token, commonName }: CallContext): TokenHolder | RpcError {
    if (token !== '') return this.#tokens?.find(token) ?? rpcErrors.invalidAuthToken;
    if (commonName !== '') return { user: commonName, authRevision: null };
    return rpcErrors.userNameEmpty;
  }
}

function isError(who: TokenHolder | RpcError): who is RpcError {
  return 'code' in who;
}
