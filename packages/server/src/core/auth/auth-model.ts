import type { KeyRange } from '@quorate/kv';

/** A role of this name may do everything; a user of this name must have it when auth is on. */
export const rootName = 'root';

/** What a permission lets do with the keys of its range. */
export type PermissionType = 'read' | 'write' | 'readwrite';

export interface Permission extends KeyRange {
  readonly type: PermissionType;
}

export interface AuthUser {
  readonly name: string;
  /** As bcrypt writes it; '' for users that have none. */
  readonly passwordHash: string;
  /** It is known by its certificate only. */
  readonly hasNoPassword: boolean;
  /** Sorted; none twice. */
  readonly roles: readonly string[];
}

export interface AuthRole {
  readonly name: string;
  /** Sorted by key; those of one key in the order in which they were granted. */
  readonly permissions: readonly Permission[];
}

/** Who asks, and the auth revision under which that was found out. */
export interface Asker {
  /** '': nobody that is known. */
  readonly user: string;
  readonly authRevision: number;
}

/** What changes the table of users and roles. */
export type AuthCommand =
  | { readonly kind: 'authEnable' }
  | { readonly kind: 'authDisable' }
  | AuthenticateCommand
  | UserAddCommand
  | { readonly kind: 'userDelete'; readonly name: string }
  | UserChangePasswordCommand
  | { readonly kind: 'userGrantRole'; readonly name: string; readonly role: string }
  | { readonly kind: 'userRevokeRole'; readonly name: string; readonly role: string }
  | { readonly kind: 'roleAdd'; readonly name: string }
  | { readonly kind: 'roleDelete'; readonly name: string }
  | RoleGrantPermissionCommand
  | RoleRevokePermissionCommand;

/** Makes a token; the password was checked by the member that proposes this. */
export interface AuthenticateCommand {
  readonly kind: 'authenticate';
  readonly name: string;
  /** Under which the password was right; refused under any other. */
  readonly authRevision: number;
  /** As `TokenProvider.nonce` gave it. */
  readonly nonce: string;
}

/** The hash was made before the proposal, since every replica must keep the same. */
export interface UserAddCommand {
  readonly kind: 'userAdd';
  readonly name: string;
  readonly passwordHash: string;
  readonly hasNoPassword: boolean;
}

export interface UserChangePasswordCommand {
  readonly kind: 'userChangePassword';
  readonly name: string;
  readonly passwordHash: string;
}

/** Replaces the permission of the role that has the same range. */
export interface RoleGrantPermissionCommand {
  readonly kind: 'roleGrantPermission';
  readonly name: string;
  readonly permission: Permission;
}

export interface RoleRevokePermissionCommand {
  readonly kind: 'roleRevokePermission';
  readonly name: string;
  readonly range: KeyRange;
}

/** Why something was refused for who asks, or for what the table holds. */
export type AuthRefusal =
  | 'authNotEnabled'
  | 'authRevisionOld'
  | 'authenticationFailed'
  | 'invalidAuthManagement'
  | 'permissionDenied'
  | 'permissionNotGranted'
  | 'roleExists'
  | 'roleNameEmpty'
  | 'roleNotFound'
  | 'roleNotGranted'
  | 'rootRoleNotGranted'
  | 'rootUserNotFound'
  | 'userExists'
  | 'userNameEmpty'
  | 'userNotFound';

/** The table is as the command wanted it. */
export interface AuthChangedResult {
  readonly kind: 'authChanged';
}

/** A token was made, and every member has been told. */
export interface AuthenticatedResult extends TokenGrant {
  readonly kind: 'authenticated';
}

/** Nothing was changed: neither in the table nor in the store. */
export interface AuthRefusedResult {
  readonly kind: 'authRefused';
  readonly refusal: AuthRefusal;
}

export type AuthResult = AuthChangedResult | AuthenticatedResult | AuthRefusedResult;

/** Whom a token is for; the same on every member. */
export interface TokenGrant {
  readonly user: string;
  readonly authRevision: number;
  readonly nonce: string;
  /** Of the log entry, so no two grants have the same. */
  readonly index: number;
}

/** Who wants to hear what becomes of tokens. Called while commands are applied. */
export interface TokenListener {
  authenticated(grant: TokenGrant): void;
  /** Tokens made so far are void: those of one user, or all (null). */
  revoked(user: string | null): void;
}
