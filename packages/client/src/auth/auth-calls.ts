import { etcd } from '@quorate/schema';
import { authMethods } from '../calls/auth-methods.ts';
import type { Caller } from '../calls/caller.ts';
import { type KeyOrRange, wireRange } from '../kv/key-range.ts';
import type { Access, Auth, Permission } from './auth.ts';

const types: Readonly<Record<Access, number>> = {
  read: etcd.PermissionType.READ,
  write: etcd.PermissionType.WRITE,
  readWrite: etcd.PermissionType.READWRITE,
};

const accesses: Readonly<Record<number, Access>> = {
  [etcd.PermissionType.READ]: 'read',
  [etcd.PermissionType.WRITE]: 'write',
  [etcd.PermissionType.READWRITE]: 'readWrite',
};

/** Users and roles, call by call. */
export class AuthCalls implements Auth {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async enable(): Promise<void> {
    await this.#caller.write(authMethods.enable, {});
  }

  async disable(): Promise<void> {
    await this.#caller.write(authMethods.disable, {});
  }

  async status(): Promise<{ readonly isEnabled: boolean; readonly revision: number }> {
    const { enabled, authRevision } = await this.#caller.read(authMethods.status, {});
    return { isEnabled: enabled, revision: Number(authRevision) };
  }

  async users(): Promise<string[]> {
    return [...(await this.#caller.read(authMethods.userList, {})).users];
  }

  async rolesOf(name: string): Promise<string[]> {
    return [...(await this.#caller.read(authMethods.userGet, { name })).roles];
  }

  async addUser(name: string, password: string | null): Promise<void> {
    const options = { noPassword: password === null };
    await this.#caller.write(authMethods.userAdd, { name, password: password ?? '', options });
  }

  async deleteUser(name: string): Promise<void> {
    await this.#caller.write(authMethods.userDelete, { name });
  }

  async changePassword(name: string, password: string): Promise<void> {
    await this.#caller.write(authMethods.userChangePassword, { name, password });
  }

  async grantRole(user: string, role: string): Promise<void> {
    await this.#caller.write(authMethods.userGrantRole, { user, role });
  }

  async revokeRole(name: string, role: string): Promise<void> {
    await this.#caller.write(authMethods.userRevokeRole, { name, role });
  }

  async roles(): Promise<string[]> {
    return [...(await this.#caller.read(authMethods.roleList, {})).roles];
  }

  async permissionsOf(role: string): Promise<Permission[]> {
    const { perm } = await this.#caller.read(authMethods.roleGet, { role });
    return perm.map(({ permType, key, rangeEnd }) => {
      return { access: accesses[permType] ?? 'read', key, rangeEnd };
    });
  }

  async addRole(name: string): Promise<void> {
    await this.#caller.write(authMethods.roleAdd, { name });
  }

  async deleteRole(role: string): Promise<void> {
    await this.#caller.write(authMethods.roleDelete, { role });
  }

  async grantPermission(name: string, keys: KeyOrRange, access: Access): Promise<void> {
    const perm = { permType: types[access], ...wireRange(keys) };
    await this.#caller.write(authMethods.roleGrantPermission, { name, perm });
  }

  async revokePermission(role: string, keys: KeyOrRange): Promise<void> {
    await this.#caller.write(authMethods.roleRevokePermission, { role, ...wireRange(keys) });
  }
}
