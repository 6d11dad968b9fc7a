import { assert, type ByteReader, type ByteWriter } from '@quorate/base';
import type { KeyRange } from '@quorate/kv';
import type {
  Asker,
  AuthCommand,
  AuthRole,
  AuthUser,
  Permission,
  PermissionType,
} from './auth-model.ts';

/** By their numbers in commands and snapshots: append only. */
const permissionTypes: readonly PermissionType[] = ['read', 'write', 'readwrite'];
const commandKinds: readonly AuthCommand['kind'][] = [
  'authEnable',
  'authDisable',
  'authenticate',
  'userAdd',
  'userDelete',
  'userChangePassword',
  'userGrantRole',
  'userRevokeRole',
  'roleAdd',
  'roleDelete',
  'roleGrantPermission',
  'roleRevokePermission',
];

/** What a table holds, as a snapshot has it. */
export interface AuthTable {
  readonly isEnabled: boolean;
  readonly revision: number;
  readonly users: ReadonlyMap<string, AuthUser>;
  readonly roles: ReadonlyMap<string, AuthRole>;
}

/** Layout: varint auth revision, string user. */
export function writeAsker({ user, authRevision }: Asker, writer: ByteWriter): void {
  writer.varint(authRevision);
  writer.string(user);
}

/** @throws ByteReaderError */
export function readAsker(reader: ByteReader): Asker {
  const authRevision = reader.varint();
  return { user: reader.string(), authRevision };
}

/** Layout: varint kind, then the fields of the kind in the order of its type. */
export function writeAuthCommand(command: AuthCommand, writer: ByteWriter): void {
  writer.varint(commandKinds.indexOf(command.kind));
  switch (command.kind) {
    case 'authEnable':
    case 'authDisable':
      return;
    case 'authenticate':
      writer.string(command.name);
      writer.varint(command.authRevision);
      writer.string(command.nonce);
      return;
    case 'userAdd':
      writer.string(command.name);
      writer.string(command.passwordHash);
      writer.varint(command.hasNoPassword ? 1 : 0);
      return;
    case 'userChangePassword':
      writer.string(command.name);
      writer.string(command.passwordHash);
      return;
    case 'userGrantRole':
    case 'userRevokeRole':
      writer.string(command.name);
      writer.string(command.role);
      return;
    case 'roleGrantPermission':
      writer.string(command.name);
      writePermission(command.permission, writer);
      return;
    case 'roleRevokePermission':
      writer.string(command.name);
      writeRange(command.range, writer);
      return;
    default:
      writer.string(command.name);
  }
}

/**
 * @returns null when it is of no known kind
 * @throws ByteReaderError
 */
export function readAuthCommand(reader: ByteReader): AuthCommand | null {
  const kind = commandKinds[reader.varint()];
  switch (kind) {
    case undefined:
      return null;
    case 'authEnable':
    case 'authDisable':
      return { kind };
    default:
      return readNamedCommand(kind, reader.string(), reader);
  }
}

function readNamedCommand(
  kind: Exclude<AuthCommand['kind'], 'authEnable' | 'authDisable'>,
  name: string,
  reader: ByteReader,
): AuthCommand | null {
  switch (kind) {
    case 'authenticate':
      return { kind, name, authRevision: reader.varint(), nonce: reader.string() };
    case 'userAdd': {
      const passwordHash = reader.string();
      return { kind, name, passwordHash, hasNoPassword: reader.varint() !== 0 };
    }
    case 'userChangePassword':
      return { kind, name, passwordHash: reader.string() };
    case 'userGrantRole':
    case 'userRevokeRole':
      return { kind, name, role: reader.string() };
    case 'roleGrantPermission': {
      const permission = readPermission(reader);
      return permission === null ? null : { kind, name, permission };
    }
    case 'roleRevokePermission':
      return { kind, name, range: readRange(reader) };
    default:
      return { kind, name };
  }
}

/**
 * Layout: varint enabled, varint revision, varint count of users, then for each string name, string
 * hash, varint whether it has no password, varint count of roles and so many strings; varint count
 * of roles, then for each string name, varint count of permissions, then for each varint type,
 * bytes key, bytes range end. In the order in which they were added.
 */
export function writeAuthTable(table: AuthTable, writer: ByteWriter): void {
  writer.varint(table.isEnabled ? 1 : 0);
  writer.varint(table.revision);
  writer.varint(table.users.size);
  for (const { name, passwordHash, hasNoPassword, roles } of table.users.values()) {
    writer.string(name);
    writer.string(passwordHash);
    writer.varint(hasNoPassword ? 1 : 0);
    writer.varint(roles.length);
    for (const role of roles) writer.string(role);
  }
  writer.varint(table.roles.size);
  for (const { name, permissions } of table.roles.values()) {
    writer.string(name);
    writer.varint(permissions.length);
    for (const permission of permissions) writePermission(permission, writer);
  }
}

/**
 * @returns null when a permission is of no known type
 * @throws ByteReaderError
 */
export function readAuthTable(reader: ByteReader): AuthTable | null {
  const isEnabled = reader.varint() !== 0;
  const revision = reader.varint();
  const users = new Map<string, AuthUser>();
  // Whatever is counted takes a byte at least, so a false count ends at the end of the bytes.
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.string();
    const passwordHash = reader.string();
    const hasNoPassword = reader.varint() !== 0;
    const roles: string[] = [];
    for (let more = reader.varint(); more > 0; more--) roles.push(reader.string());
    users.set(name, { name, passwordHash, hasNoPassword, roles });
  }
  const roles = new Map<string, AuthRole>();
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.string();
    const permissions: Permission[] = [];
    for (let more = reader.varint(); more > 0; more--) {
      const permission = readPermission(reader);
      if (permission === null) return null;
      permissions.push(permission);
    }
    roles.set(name, { name, permissions });
  }
  return { isEnabled, revision, users, roles };
}

function writePermission(permission: Permission, writer: ByteWriter): void {
  const type = permissionTypes.indexOf(permission.type);
  assert(type >= 0, 'a permission is of a known type');
  writer.varint(type);
  writeRange(permission, writer);
}

function readPermission(reader: ByteReader): Permission | null {
  const type = permissionTypes[reader.varint()];
  const range = readRange(reader);
  return type === undefined ? null : { type, ...range };
}

function writeRange({ key, rangeEnd }: KeyRange, writer: ByteWriter): void {
  writer.bytes(key);
  writer.bytes(rangeEnd);
}

/** Copied: what is read from is let go, and this may be kept. */
function readRange(reader: ByteReader): KeyRange {
  const key = new Uint8Array(reader.bytes());
  return { key, rangeEnd: new Uint8Array(reader.bytes()) };
}
