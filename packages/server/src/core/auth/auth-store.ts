import { compareBytes, equalBytes } from '@quorate/base';
import type { KeyRange } from '@quorate/kv';
import type { AuthTable } from './auth-format.ts';
import {
  type Asker,
  type AuthCommand,
  type AuthenticateCommand,
  type AuthRefusal,
  type AuthResult,
  type AuthRole,
  type AuthUser,
  type Permission,
  type RoleGrantPermissionCommand,
  type RoleRevokePermissionCommand,
  rootName,
  type TokenListener,
  type UserAddCommand,
} from './auth-model.ts';
import { isGrantable } from './granted-ranges.ts';
import { UserAccess } from './user-access.ts';

const changed: AuthResult = { kind: 'authChanged' };

const refusals = new Map<AuthRefusal, AuthResult>();

/** @returns the same object for each reason */
export function refusedForAuth(refusal: AuthRefusal): AuthResult {
  let result = refusals.get(refusal);
  if (result === undefined) {
    result = { kind: 'authRefused', refusal };
    refusals.set(refusal, result);
  }
  return result;
}

const deaf: TokenListener = { authenticated: () => undefined, revoked: () => undefined };

/**
 * Users, roles and whether they count: a pure function of the commands that were applied.
 *
 * The auth revision rises with whatever may change what somebody may do, so that what was found out
 * under a revision holds as long as it is the same. Turning auth on changes no permission.
 */
export class AuthStore {
  #isEnabled = false;
  #revision = 1;
  #users = new Map<string, AuthUser>();
  #roles = new Map<string, AuthRole>();
  /** What was worked out under this revision. */
  readonly #access = new Map<string, UserAccess>();
  #listener = deaf;

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  /** From 1. */
  get revision(): number {
    return this.#revision;
  }

  user(name: string): AuthUser | undefined {
    return this.#users.get(name);
  }

  role(name: string): AuthRole | undefined {
    return this.#roles.get(name);
  }

  /** Sorted by their bytes, as `roleNames`. */
  userNames(): readonly string[] {
    return sortedNames(this.#users.keys());
  }

  roleNames(): readonly string[] {
    return sortedNames(this.#roles.keys());
  }

  /** Undefined: there is no such user. */
  access(name: string): UserAccess | undefined {
    const known = this.#access.get(name);
    if (known !== undefined) return known;
    const user = this.#users.get(name);
    if (user === undefined) return undefined;
    const roles = user.roles.map((role) => this.#roles.get(role));
    const access = new UserAccess(
      user,
      roles.filter((role) => role !== undefined),
    );
    this.#access.set(name, access);
    return access;
  }

  /** @param listener called from `apply` and `restore`; replaces the one before */
  onTokens(listener: TokenListener): void {
    this.#listener = listener;
  }

  /**
   * @param asker checked against the table as it is now, when auth is on
   * @param index of the log entry
   */
  apply(command: AuthCommand, asker: Asker, index: number): AuthResult {
    if (command.kind === 'authenticate') return this.#authenticate(command, index);
    const refusal = this.adminRefusal(asker.user) ?? this.#execute(command);
    return refusal === null ? changed : refusedForAuth(refusal);
  }

  /** Why that user must not administrate; null: it may, or auth is off. */
  adminRefusal(user: string): AuthRefusal | null {
    if (!this.#isEnabled) return null;
    if (user === '') return 'userNameEmpty';
    return this.access(user)?.isAdmin === true ? null : 'permissionDenied';
  }

  /** @returns what a snapshot needs, as it is now; read it before anything is applied */
  table(): AuthTable {
    const isEnabled = this.#isEnabled;
    return { isEnabled, revision: this.#revision, users: this.#users, roles: this.#roles };
  }

  /** Tokens are not part of the table; whoever has one has to ask for another. */
  restore({ isEnabled, revision, users, roles }: AuthTable): void {
    this.#isEnabled = isEnabled;
    this.#revision = revision;
    this.#users = new Map(users);
    this.#roles = new Map(roles);
    this.#access.clear();
    this.#listener.revoked(null);
  }

  #authenticate({ name, authRevision, nonce }: AuthenticateCommand, index: number): AuthResult {
    if (!this.#isEnabled) return refusedForAuth('authNotEnabled');
    if (authRevision !== this.#revision) return refusedForAuth('authRevisionOld');
    const user = this.#users.get(name);
    if (user === undefined || user.hasNoPassword) return refusedForAuth('authenticationFailed');
    const grant = { user: name, authRevision, nonce, index };
    this.#listener.authenticated(grant);
    return { kind: 'authenticated', ...grant };
  }

  #execute(command: Exclude<AuthCommand, AuthenticateCommand>): AuthRefusal | null {
    switch (command.kind) {
      case 'authEnable':
        return this.#enable();
      case 'authDisable':
        return this.#disable();
      case 'userAdd':
        return this.#addUser(command);
      case 'userDelete':
        return this.#deleteUser(command.name);
      case 'userChangePassword':
        return this.#changePassword(command.name, command.passwordHash);
      case 'userGrantRole':
        return this.#grantRole(command.name, command.role);
      case 'userRevokeRole':
        return this.#revokeRole(command.name, command.role);
      case 'roleAdd':
        return this.#addRole(command.name);
      case 'roleDelete':
        return this.#deleteRole(command.name);
      case 'roleGrantPermission':
        return this.#grantPermission(command);
      case 'roleRevokePermission':
        return this.#revokePermission(command);
    }
  }

  #enable(): AuthRefusal | null {
    if (this.#isEnabled) return null;
    const root = this.#users.get(rootName);
    if (root === undefined) return 'rootUserNotFound';
    if (!root.roles.includes(rootName)) return 'rootRoleNotGranted';
    this.#isEnabled = true;
    return null;
  }

  #disable(): AuthRefusal | null {
    if (!this.#isEnabled) return null;
    this.#isEnabled = false;
    this.#listener.revoked(null);
    return this.#done();
  }

  #addUser({ name, passwordHash, hasNoPassword }: UserAddCommand): AuthRefusal | null {
    if (name === '') return 'userNameEmpty';
    if (this.#users.has(name)) return 'userExists';
    const hash = hasNoPassword ? '' : passwordHash;
    this.#users.set(name, { name, passwordHash: hash, hasNoPassword, roles: [] });
    return this.#done();
  }

  #deleteUser(name: string): AuthRefusal | null {
    if (this.#isEnabled && name === rootName) return 'invalidAuthManagement';
    if (!this.#users.delete(name)) return 'userNotFound';
    this.#listener.revoked(name);
    return this.#done();
  }

  #changePassword(name: string, passwordHash: string): AuthRefusal | null {
    const user = this.#users.get(name);
    if (user === undefined) return 'userNotFound';
    const hash = user.hasNoPassword ? '' : passwordHash;
    this.#users.set(name, { ...user, passwordHash: hash });
    this.#listener.revoked(name);
    return this.#done();
  }

  #grantRole(name: string, role: string): AuthRefusal | null {
    const user = this.#users.get(name);
    if (user === undefined) return 'userNotFound';
    if (role !== rootName && !this.#roles.has(role)) return 'roleNotFound';
    if (user.roles.includes(role)) return null;
    this.#users.set(name, { ...user, roles: sortedNames([...user.roles, role]) });
    return this.#done();
  }

  #revokeRole(name: string, role: string): AuthRefusal | null {
    if (this.#isEnabled && name === rootName && role === rootName) return 'invalidAuthManagement';
    const user = this.#users.get(name);
    if (user === undefined) return 'userNotFound';
    if (!user.roles.includes(role)) return 'roleNotGranted';
    this.#users.set(name, withoutRole(user, role));
    return this.#done();
  }

  #addRole(name: string): AuthRefusal | null {
    if (name === '') return 'roleNameEmpty';
    if (this.#roles.has(name)) return 'roleExists';
    this.#roles.set(name, { name, permissions: [] });
    return this.#done();
  }

  #deleteRole(name: string): AuthRefusal | null {
    if (this.#isEnabled && name === rootName) return 'invalidAuthManagement';
    if (!this.#roles.delete(name)) return 'roleNotFound';
    for (const user of this.#users.values()) {
      if (user.roles.includes(name)) this.#users.set(user.name, withoutRole(user, name));
    }
    return this.#done();
  }

  #grantPermission({ name, permission }: RoleGrantPermissionCommand): AuthRefusal | null {
    if (!isGrantable(permission)) return 'invalidAuthManagement';
    const role = this.#roles.get(name);
    if (role === undefined) return 'roleNotFound';
    this.#roles.set(name, { name, permissions: withPermission(role.permissions, permission) });
    return this.#done();
  }

  #revokePermission({ name, range }: RoleRevokePermissionCommand): AuthRefusal | null {
    const role = this.#roles.get(name);
    if (role === undefined) return 'roleNotFound';
    const permissions = role.permissions.filter((one) => !isSameRange(one, range));
    if (permissions.length === role.permissions.length) return 'permissionNotGranted';
    this.#roles.set(name, { name, permissions });
    return this.#done();
  }

  /** What was worked out before may be wrong from now on. */
  #done(): null {
    this.#revision++;
    this.#access.clear();
    return null;
  }
}

function withoutRole(user: AuthUser, role: string): AuthUser {
  return { ...user, roles: user.roles.filter((one) => one !== role) };
}

function withPermission(granted: readonly Permission[], fresh: Permission): Permission[] {
  const at = granted.findIndex((one) => isSameRange(one, fresh));
  if (at >= 0) return granted.with(at, fresh);
  const behind = granted.findIndex(({ key }) => compareBytes(key, fresh.key) > 0);
  return granted.toSpliced(behind < 0 ? granted.length : behind, 0, fresh);
}

function isSameRange(a: KeyRange, b: KeyRange): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.rangeEnd, b.rangeEnd);
}

const encoder = new TextEncoder();

function sortedNames(names: Iterable<string>): string[] {
  const encoded = [...names].map((name) => ({ name, bytes: encoder.encode(name) }));
  return encoded.sort((a, b) => compareBytes(a.bytes, b.bytes)).map(({ name }) => name);
}
