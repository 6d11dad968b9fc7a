import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import type { AuthTable } from '../auth/auth-format.ts';
import type { AuthRole, AuthUser, Permission, PermissionType } from '../auth/auth-model.ts';
import type { BoltEntry } from '../bolt/bolt-reader.ts';
import { authKeys, bigEndian } from './database-format.ts';

const utf8 = new TextEncoder();
const text = new TextDecoder();

const types: readonly PermissionType[] = ['read', 'write', 'readwrite'];

/** The single values of the bucket `auth`, in order. */
export function authEntries({ isEnabled, revision }: AuthTable): BoltEntry[] {
  return [
    { key: authKeys.enabled, value: Uint8Array.of(isEnabled ? 1 : 0) },
    { key: authKeys.revision, value: bigEndian(BigInt(revision)) },
  ];
}

export function userEntry({ name, passwordHash, hasNoPassword, roles }: AuthUser): BoltEntry {
  const options = { noPassword: hasNoPassword };
  const key = utf8.encode(name);
  const user = { name: key, password: utf8.encode(passwordHash), roles, options };
  return { key, value: encodeMessage(etcd.User, user) };
}

export function roleEntry({ name, permissions }: AuthRole): BoltEntry {
  const key = utf8.encode(name);
  const keyPermission = permissions.map(({ type, key: from, rangeEnd }) => {
    return { permType: types.indexOf(type), key: from, rangeEnd };
  });
  return { key, value: encodeMessage(etcd.Role, { name: key, keyPermission }) };
}

/** @returns null when an entry is none of these */
export function readAuth(
  settings: Iterable<BoltEntry>,
  users: Iterable<BoltEntry>,
  roles: Iterable<BoltEntry>,
): AuthTable | null {
  let isEnabled = false;
  let revision = 1;
  for (const { key, value } of settings) {
    const name = text.decode(key);
    if (name === 'authEnabled') isEnabled = value[0] === 1;
    if (name !== 'authRevision' || value.length !== 8) continue;
    revision = Number(new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0));
  }
  const allUsers = [...users].map(readUser);
  const allRoles = [...roles].map(readRole);
  const isGood = Number.isSafeInteger(revision) && !allUsers.includes(null);
  if (!isGood || allRoles.includes(null)) return null;
  return {
    isEnabled,
    revision: Math.max(1, revision),
    users: named(allUsers),
    roles: named(allRoles),
  };
}

function named<T extends { readonly name: string }>(all: readonly (T | null)[]): Map<string, T> {
  return new Map(all.flatMap((one) => (one === null ? [] : [[one.name, one] as const])));
}

function readUser({ value }: BoltEntry): AuthUser | null {
  const user = decodeMessage(etcd.User, value);
  if (user === null) return null;
  const { name, password, roles, options } = user;
  return {
    name: text.decode(name),
    passwordHash: text.decode(password),
    hasNoPassword: options?.noPassword === true,
    roles: [...new Set(roles)].sort(),
  };
}

function readRole({ value }: BoltEntry): AuthRole | null {
  const role = decodeMessage(etcd.Role, value);
  if (role === null) return null;
  const permissions = role.keyPermission.map(({ permType, key, rangeEnd }): Permission | null => {
    const type = types[permType];
    return type === undefined ? null : { type, key, rangeEnd };
  });
  const known = permissions.filter((permission) => permission !== null);
  return known.length < permissions.length
    ? null
    : { name: text.decode(role.name), permissions: known };
}
