import type { Access, Permission, QuorateClient } from '@quorate/client';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { readPassword } from '../read-password.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { keyRange, type RangeFlags } from './key-range.ts';
import { bytesToJson } from './key-text.ts';

export async function auth(
  command: 'enable' | 'disable' | 'status',
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    if (command === 'enable') await client.auth.enable();
    if (command === 'disable') await client.auth.disable();
    const { isEnabled, revision } = await statusOf(client, command);
    if (output.isJson) output.json({ isEnabled, ...(revision === null ? {} : { revision }) });
    else output.line(isEnabled ? 'users are asked for' : 'users are not asked for');
    return 0;
  });
}

/** Who has just enabled it may have no user yet, and could not ask. */
async function statusOf(client: QuorateClient, command: 'enable' | 'disable' | 'status') {
  if (command === 'status') return client.auth.status();
  return { isEnabled: command === 'enable', revision: null };
}

export interface UserFlags extends ClientFlags {
  readonly hasPassword: boolean;
}

export async function users(
  command: 'add' | 'delete' | 'get' | 'list' | 'passwd' | 'grantRole' | 'revokeRole',
  [name = '', role = '']: readonly string[],
  flags: UserFlags,
  output: Output,
): Promise<number> {
  const isAsked = command === 'passwd' || (command === 'add' && flags.hasPassword);
  const password = isAsked ? await readPassword(`Password of ${name}: `) : null;
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ auth: calls }) => {
    switch (command) {
      case 'add':
        await calls.addUser(name, password);
        return done(output, `user ${name} added`, { user: name });
      case 'delete':
        await calls.deleteUser(name);
        return done(output, `user ${name} deleted`, { user: name });
      case 'passwd':
        await calls.changePassword(name, password ?? '');
        return done(output, `password of ${name} changed`, { user: name });
      case 'grantRole':
        await calls.grantRole(name, role);
        return done(output, `user ${name} has the role ${role}`, { user: name, role });
      case 'revokeRole':
        await calls.revokeRole(name, role);
        return done(output, `user ${name} has the role ${role} no more`, { user: name, role });
      case 'get':
        return list(output, 'roles', await calls.rolesOf(name));
      default:
        return list(output, 'users', await calls.users());
    }
  });
}

export interface RoleFlags extends ClientFlags, RangeFlags {}

export async function roles(
  command: 'add' | 'delete' | 'get' | 'list' | 'grant' | 'revoke',
  words: readonly string[],
  flags: RoleFlags,
  output: Output,
): Promise<number> {
  const [role = ''] = words;
  const access = command === 'grant' ? accessOf(words[1] ?? '') : 'read';
  const isOfKeys = command === 'grant' || command === 'revoke';
  const keys = isOfKeys ? keyRange(words.at(-1) ?? '', flags) : null;
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ auth: calls }) => {
    if (keys !== null && command === 'grant') {
      await calls.grantPermission(role, keys, access);
      return done(output, `role ${role} changed`, { role });
    }
    if (keys !== null) {
      await calls.revokePermission(role, keys);
      return done(output, `role ${role} changed`, { role });
    }
    switch (command) {
      case 'add':
        await calls.addRole(role);
        return done(output, `role ${role} added`, { role });
      case 'delete':
        await calls.deleteRole(role);
        return done(output, `role ${role} deleted`, { role });
      case 'get':
        return showPermissions(output, await calls.permissionsOf(role));
      default:
        return list(output, 'roles', await calls.roles());
    }
  });
}

function accessOf(text: string): Access {
  if (text === 'read' || text === 'write') return text;
  if (text === 'readwrite') return 'readWrite';
  const message = `${JSON.stringify(text)} is no access; give read, write or readwrite`;
  throw new CliError('CLI_USAGE', message, {});
}

function done(output: Output, text: string, value: object): number {
  if (output.isJson) output.json(value);
  else output.line(text);
  return 0;
}

function list(output: Output, what: string, names: readonly string[]): number {
  if (output.isJson) output.json({ [what]: names });
  else for (const name of names) output.line(name);
  return 0;
}

function showPermissions(output: Output, permissions: readonly Permission[]): number {
  if (output.isJson) {
    const shown = permissions.map(({ access, key, rangeEnd }) => {
      return { access, key: bytesToJson(key), rangeEnd: bytesToJson(rangeEnd) };
    });
    output.json({ permissions: shown });
  } else {
    for (const permission of permissions) output.line(permissionText(permission));
  }
  return 0;
}

function permissionText({ access, key, rangeEnd }: Permission): string {
  const word = access.toLowerCase().padEnd(9);
  const from = shown(key);
  if (rangeEnd.length === 0) return `${word}  ${from}`;
  const isOpen = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return isOpen ? `${word}  ${from} and on` : `${word}  ${from} up to ${shown(rangeEnd)}`;
}

function shown(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes));
}
