import type { KeyOrRange } from '../kv/key-range.ts';

/** What a role may do with keys. */
export type Access = 'read' | 'write' | 'readWrite';

/** What a role may do with which keys, as the cluster tells it. */
export interface Permission {
  readonly access: Access;
  readonly key: Uint8Array;
  /** Empty: only `key`. One zero byte: to the end of all keys. Else exclusive. */
  readonly rangeEnd: Uint8Array;
}

/**
 * Users and roles of the cluster. All that changes something is a write: one whose outcome is
 * unknown rejects with CLIENT_OUTCOME_UNKNOWN, and what the cluster refuses with CLIENT_REFUSED.
 */
export interface Auth {
  /** From now on the cluster asks for users. There must be a user `root` with the role `root`. */
  enable(): Promise<void>;
  disable(): Promise<void>;
  /** `revision` counts the changes of users and roles. */
  status(): Promise<{ readonly isEnabled: boolean; readonly revision: number }>;
  users(): Promise<string[]>;
  /** The user's roles. */
  rolesOf(user: string): Promise<string[]>;
  /** @param password null: one who shows a certificate, and has none */
  addUser(user: string, password: string | null): Promise<void>;
  deleteUser(user: string): Promise<void>;
  changePassword(user: string, password: string): Promise<void>;
  grantRole(user: string, role: string): Promise<void>;
  revokeRole(user: string, role: string): Promise<void>;
  roles(): Promise<string[]>;
  permissionsOf(role: string): Promise<Permission[]>;
  addRole(role: string): Promise<void>;
  deleteRole(role: string): Promise<void>;
  /** Replaces what was granted for exactly these keys. */
  grantPermission(role: string, keys: KeyOrRange, access: Access): Promise<void>;
  /** Of exactly these keys, as they were granted. */
  revokePermission(role: string, keys: KeyOrRange): Promise<void>;
}
