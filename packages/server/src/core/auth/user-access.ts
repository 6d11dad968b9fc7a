import { unreachable } from '@quorate/base';
import type { KeyRange, KvCommand, Operation, PutRequest, TxnRequest } from '@quorate/kv';
import { type AuthRole, type AuthUser, rootName } from './auth-model.ts';
import { GrantedRanges } from './granted-ranges.ts';

/** The keys that are attached to a lease; none where there is no such lease. */
export type LeaseKeys = (id: bigint) => readonly Uint8Array[];

/** What one user may do, as long as the auth revision is the same. */
export class UserAccess {
  /** Whether it has the role `root`, and may do everything. */
  readonly isAdmin: boolean;
  readonly #read: GrantedRanges;
  readonly #write: GrantedRanges;

  /** @param roles those of the user that exist */
  constructor(user: AuthUser, roles: readonly AuthRole[]) {
    const permissions = roles.flatMap((role) => role.permissions);
    this.isAdmin = user.roles.includes(rootName);
    this.#read = new GrantedRanges(permissions.filter((one) => one.type !== 'write'));
    this.#write = new GrantedRanges(permissions.filter((one) => one.type !== 'read'));
  }

  mayRead(range: KeyRange): boolean {
    return this.isAdmin || this.#read.covers(range);
  }

  mayReadAll(keys: readonly Uint8Array[]): boolean {
    return this.isAdmin || keys.every((key) => this.#read.coversKey(key));
  }

  mayWriteAll(keys: readonly Uint8Array[]): boolean {
    return this.isAdmin || keys.every((key) => this.#write.coversKey(key));
  }

  /**
   * Whether the command may be proposed. A transaction may when both branches may and all compares
   * do, however it would turn out.
   */
  mayPropose(command: KvCommand, keysOf: LeaseKeys): boolean {
    if (this.isAdmin) return true;
    switch (command.kind) {
      case 'compact':
      case 'leaseTick':
        return false;
      case 'leaseGrant':
        return true;
      case 'leaseRevoke':
        return this.mayWriteAll(keysOf(command.id));
      case 'leaseKeepAlive':
        return command.ids.every((id) => this.mayWriteAll(keysOf(id)));
      default:
        return this.mayOperate(command, keysOf);
    }
  }

  /** As `mayPropose`, for what a transaction may hold, and for reads. */
  mayOperate(operation: Operation, keysOf: LeaseKeys): boolean {
    if (this.isAdmin) return true;
    switch (operation.kind) {
      case 'range':
        return this.#read.covers(operation);
      case 'put':
        return this.#mayPut(operation, keysOf);
      case 'deleteRange':
        return this.#write.covers(operation) && (!operation.prevKv || this.#read.covers(operation));
      case 'txn':
        return this.#mayTransact(operation, keysOf);
      case 'empty':
        return true;
      default:
        return unreachable(operation);
    }
  }

  /** Who attaches a key to a lease may end it, so the keys it has must be the user's to delete. */
  #mayPut({ key, lease, prevKv }: PutRequest, keysOf: LeaseKeys): boolean {
    if (!this.#write.coversKey(key)) return false;
    if (prevKv && !this.#read.coversKey(key)) return false;
    return lease === 0n || this.mayWriteAll(keysOf(lease));
  }

  #mayTransact({ compares, success, failure }: TxnRequest, keysOf: LeaseKeys): boolean {
    return (
      compares.every((compare) => this.#read.covers(compare)) &&
      success.every((operation) => this.mayOperate(operation, keysOf)) &&
      failure.every((operation) => this.mayOperate(operation, keysOf))
    );
  }
}

/**
 * Whether the permission for the command depends on what a lease holds, and so on the store: that
 * may change without the auth revision.
 */
export function usesLease(command: KvCommand | Operation): boolean {
  switch (command.kind) {
    case 'put':
      return command.lease !== 0n;
    case 'leaseRevoke':
    case 'leaseKeepAlive':
      return true;
    case 'txn':
      return command.success.some(usesLease) || command.failure.some(usesLease);
    default:
      return false;
  }
}
