import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64 } from '@quorate/base';
import { encodeMessage, etcd } from '@quorate/schema';
import { StatusCode } from '@quorate/server/core';
import { CalledService, clusterId, string, text } from '../called-service.ts';
import { AuthCalls, ttlMs } from './auth-calls.ts';

const { READ, WRITE, READWRITE } = etcd.PermissionType;

test('auth is turned on only when there is a user root with the role root', async () => {
  const calls = new AuthCalls();
  assert.equal(await calls.enable(), 'root user does not exist');
  assert.equal(await calls.addUser({ name: 'root', password: 'root' }), '');
  assert.equal(await calls.enable(), 'root user does not have root role');
  assert.equal(await calls.grantRole('root', 'root'), '', 'though no such role was ever added');
  assert.equal(await calls.disable(), '', 'off already');
  assert.equal(await calls.enable(), '');
  assert.equal(await calls.enable(), 'user name is empty');
  await calls.as('root');
  assert.equal(await calls.enable(), '', 'on already');
});

test('an answer has the header of the store, and the status tells the auth revision', async () => {
  const calls = await new AuthCalls().enabled();
  await calls.as('root');
  const { header, enabled, authRevision } = await calls.status();
  assert.equal(enabled, true);
  assert.equal(authRevision, 3, 'a user and a role; that auth was turned on changes nothing');
  assert.deepEqual(header?.clusterId, clusterId);
  assert.equal(header?.revision, 1);
  assert.equal(header?.raftTerm, 7);
  await calls.disable();
  calls.anonymous();
  assert.equal((await calls.status()).authRevision, 4);
});

test('without auth there are no tokens, and clients are told that', async () => {
  const calls = new AuthCalls();
  const request = encodeMessage(etcd.AuthenticateRequest, { name: 'root', password: 'root' });
  const { error } = await calls.bytes('/etcdserverpb.Auth/Authenticate', request);
  assert.equal(error?.code, StatusCode.failedPrecondition);
  assert.equal(error.message, 'etcdserver: authentication is not enabled');
});

test('a token is sixteen letters and the place in the log', async () => {
  const calls = await new AuthCalls().enabled();
  assert.match(await calls.login('root'), /^[A-Za-z]{16}\.[0-9]+$/);
});

test('a wrong password and an unknown user are told apart by nobody', async () => {
  const calls = await new AuthCalls().enabled({ alice: [] });
  for (const [name, password] of [
    ['alice', 'x'],
    ['nobody', 'x'],
    ['', ''],
    ['alice', 'x'.repeat(73)],
  ]) {
    await assert.rejects(calls.login(name as string, password), {
      message: 'Auth/Authenticate: etcdserver: authentication failed, invalid user ID or password',
    });
  }
});

test('a user without password cannot ask for a token, but its certificate is one', async () => {
  const calls = await new AuthCalls().enabled();
  await calls.as('root');
  await calls.addUser({ name: 'bob', options: { noPassword: true }, password: 'ignored' });
  await calls.addRole('r');
  await calls.grant('r', { permType: READ, key: text('k') });
  await calls.grantRole('bob', 'r');
  const message = 'password was given for no password user';
  await assert.rejects(calls.anonymous().login('bob', ''), { message: new RegExp(message) });
  assert.equal((await calls.withCertificate('bob').range({ key: text('k') })).error, null);
  const denied = await calls.withCertificate('bob').range({ key: text('l') });
  assert.equal(denied.error?.message, 'etcdserver: permission denied');
  const unknown = await calls.withCertificate('eve').range({ key: text('k') });
  assert.equal(unknown.error?.message, 'etcdserver: permission denied');
  const bad = await calls.withCertificate('bob', 'no token').range({ key: text('k') });
  assert.equal(bad.error?.code, StatusCode.unauthenticated, 'a certificate mends no token');
});

test('a token lives as long as it is used, and ends with its user, password or auth', async () => {
  const calls = await new AuthCalls().enabled({ alice: [{ permType: READ, key: text('a') }] });
  const root = await calls.login('root');
  const alice = await calls.login('alice');
  const read = async (): Promise<string> =>
    (await calls.withToken(alice).range({ key: text('a') })).error?.message ?? '';
  for (let i = 0; i < 5; i++) {
    await calls.tokenTime.advance(ttlMs - 1);
    assert.equal(await read(), '');
  }
  await calls.tokenTime.advance(ttlMs);
  assert.equal(await read(), 'etcdserver: invalid auth token');

  const again = await calls.anonymous().login('alice');
  const admin = await calls.anonymous().login('root');
  assert.notEqual(root, admin);
  await calls.withToken(admin).changePassword({ name: 'alice', password: 'new' });
  const { error } = await calls.withToken(again).range({ key: text('a') });
  assert.deepEqual(error, { code: 16, message: 'etcdserver: invalid auth token' });
  assert.equal((await calls.withToken(admin).range({ key: text('a') })).error, null);
  const third = await calls.anonymous().login('alice', 'new');
  await calls.withToken(admin).deleteUser('alice');
  assert.notEqual((await calls.withToken(third).range({ key: text('a') })).error, null);
  await calls.withToken(admin).disable();
  await calls.anonymous().enable();
  assert.equal(await calls.withToken(admin).addRole('x'), 'invalid auth token');
});

test('a password that is changed while it is checked is checked again', async () => {
  const calls = await new AuthCalls().enabled({ alice: [] });
  const root = await calls.login('root');
  const asked = calls.passwords.asked;
  let changes = 2;
  calls.passwords.meanwhile = () => {
    if (changes-- <= 0) return;
    void calls.withToken(root).addRole(`r${changes}`);
  };
  await calls.anonymous().login('alice');
  assert.ok(calls.passwords.asked > asked + 1);
  calls.passwords.meanwhile = () => void calls.withToken(root).deleteUser('alice');
  await assert.rejects(calls.anonymous().login('alice'), /authentication failed/);
});

test('users and roles are refused as they are in etcd', async () => {
  const calls = new AuthCalls();
  assert.equal(await calls.addUser({ name: '', password: 'x' }), 'user name is empty');
  assert.equal(await calls.addUser({ name: 'a', password: 'x' }), '');
  assert.equal(await calls.addUser({ name: 'a', password: 'x' }), 'user name already exists');
  assert.equal(await calls.addRole(''), 'role name is empty');
  assert.equal(await calls.addRole('r'), '');
  assert.equal(await calls.addRole('r'), 'role name already exists');
  assert.equal(await calls.grantRole('b', 'r'), 'user name not found');
  assert.equal(await calls.grantRole('a', 's'), 'role name not found');
  assert.equal(await calls.grantRole('a', 'r'), '');
  const { revision } = calls.service.context.auth;
  assert.equal(await calls.grantRole('a', 'r'), '');
  assert.equal(calls.service.context.auth.revision, revision, 'it had the role');
  assert.equal(await calls.revokeRole('b', 'r'), 'user name not found');
  assert.equal(await calls.revokeRole('a', 's'), 'role is not granted to the user');
  assert.equal(await calls.revokeRole('a', 'r'), '');
  assert.equal(await calls.deleteUser('b'), 'user name not found');
  assert.equal(await calls.changePassword({ name: 'b', password: 'x' }), 'user name not found');
  assert.equal(await calls.deleteRole('s'), 'role name not found');
  const range = { role: 's', key: text('k') };
  assert.equal(await calls.revoke(range), 'role name not found');
  assert.equal(
    await calls.revoke({ ...range, role: 'r' }),
    'permission is not granted to the role',
  );
  assert.equal(await calls.grant('s', { key: text('k') }), 'role name not found');
});

test('what cannot be granted is refused', async () => {
  const calls = new AuthCalls();
  await calls.addRole('r');
  assert.equal(await calls.grant('r', null), 'permission not given');
  const invalid = 'invalid auth management';
  assert.equal(await calls.grant('r', { key: text('b'), rangeEnd: text('a') }), invalid);
  assert.equal(await calls.grant('r', { key: text('b'), rangeEnd: text('b') }), invalid);
  assert.equal(await calls.grant('r', { rangeEnd: Uint8Array.of(0) }), invalid);
  assert.equal(await calls.grant('r', { key: text('b'), permType: 3 }), invalid);
  assert.equal(await calls.grant('r', { key: text('b'), rangeEnd: Uint8Array.of(0) }), '');
});

test('permissions are told by key, and the same range is granted once', async () => {
  const calls = new AuthCalls();
  await calls.addRole('r');
  await calls.grant('r', { permType: READ, key: text('b') });
  await calls.grant('r', { permType: WRITE, key: text('a'), rangeEnd: text('c') });
  await calls.grant('r', { permType: READ, key: text('a'), rangeEnd: text('b') });
  await calls.grant('r', { permType: READWRITE, key: text('a'), rangeEnd: text('c') });
  const told = async (role: string) => {
    const { AuthRoleGetRequest, AuthRoleGetResponse } = etcd;
    const { perm } = await calls.answered(
      'Auth/RoleGet',
      AuthRoleGetRequest,
      { role },
      AuthRoleGetResponse,
    );
    return perm.map(({ permType, key, rangeEnd }) => [permType, string(key), string(rangeEnd)]);
  };
  assert.deepEqual(await told('r'), [
    [READWRITE, 'a', 'c'],
    [READ, 'a', 'b'],
    [READ, 'b', ''],
  ]);
  await calls.addRole('root');
  assert.deepEqual(await told('root'), [[READWRITE, '', '\0']]);
});

test('lists are sorted by bytes', async () => {
  const calls = new AuthCalls();
  for (const name of ['b', 'B', '\u{1f600}', '\uffee', 'a']) {
    await calls.addUser({ name, password: 'x' });
    await calls.addRole(name);
  }
  const sorted = ['B', 'a', 'b', '\uffee', '\u{1f600}'];
  const { AuthUserListRequest, AuthUserListResponse } = etcd;
  const { users } = await calls.answered(
    'Auth/UserList',
    AuthUserListRequest,
    {},
    AuthUserListResponse,
  );
  assert.deepEqual(users, sorted);
  const { AuthRoleListRequest, AuthRoleListResponse } = etcd;
  const { roles } = await calls.answered(
    'Auth/RoleList',
    AuthRoleListRequest,
    {},
    AuthRoleListResponse,
  );
  assert.deepEqual(roles, sorted);
});

test('root stays root while auth is on', async () => {
  const calls = await new AuthCalls().enabled();
  await calls.as('root');
  await calls.addRole('root');
  assert.equal(await calls.deleteUser('root'), 'invalid auth management');
  assert.equal(await calls.deleteRole('root'), 'invalid auth management');
  assert.equal(await calls.revokeRole('root', 'root'), 'invalid auth management');
  await calls.disable();
  calls.anonymous();
  assert.equal(await calls.revokeRole('root', 'root'), '');
  assert.equal(await calls.deleteRole('root'), '');
  assert.equal(await calls.deleteUser('root'), '');
});

test('a role that is deleted is taken from its users', async () => {
  const calls = await new AuthCalls().enabled({ alice: [{ permType: READ, key: text('a') }] });
  const alice = await calls.login('alice');
  assert.equal((await calls.withToken(alice).range({ key: text('a') })).error, null);
  await calls.anonymous().as('root');
  await calls.deleteRole('role of alice');
  await calls.addRole('role of alice');
  await calls.grant('role of alice', { permType: READ, key: text('a') });
  const { error } = await calls.withToken(alice).range({ key: text('a') });
  assert.equal(error?.message, 'etcdserver: permission denied');
});

test('only admins administrate; everyone may look at itself and its roles', async () => {
  const calls = await new AuthCalls().enabled({ alice: [{ permType: READ, key: text('a') }] });
  const { AuthUserGetRequest, AuthUserGetResponse, AuthRoleGetRequest, AuthRoleGetResponse } = etcd;
  const user = (name: string) =>
    calls.said('Auth/UserGet', AuthUserGetRequest, { name }, AuthUserGetResponse);
  const role = (name: string) =>
    calls.said('Auth/RoleGet', AuthRoleGetRequest, { role: name }, AuthRoleGetResponse);
  const asked = calls.passwords.asked;
  const administrate = (): Promise<string[]> =>
    Promise.all([
      calls.enable(),
      calls.disable(),
      calls.addUser({ name: 'x', password: 'x' }),
      calls.deleteUser('root'),
      calls.changePassword({ name: 'root', password: 'mine' }),
      calls.grantRole('alice', 'root'),
      calls.revokeRole('alice', 'role of alice'),
      calls.addRole('x'),
      calls.deleteRole('role of alice'),
      calls.grant('role of alice', { permType: READWRITE, key: text('a') }),
      calls.revoke({ role: 'role of alice', key: text('a') }),
      calls.said('Auth/UserList', etcd.AuthUserListRequest, {}, etcd.AuthUserListResponse),
      calls.said('Auth/RoleList', etcd.AuthRoleListRequest, {}, etcd.AuthRoleListResponse),
      calls.said('Auth/AuthStatus', etcd.AuthStatusRequest, {}, etcd.AuthStatusResponse),
      user('root'),
      role('root'),
    ]);
  for (const said of await administrate()) assert.equal(said, 'user name is empty');
  assert.equal(await user(''), 'user name is empty');
  calls.withToken('gone');
  for (const said of await administrate()) assert.equal(said, 'invalid auth token');
  assert.equal(calls.passwords.asked, asked, 'no password is hashed for who may not');
  await calls.anonymous().as('alice');
  for (const said of await administrate()) assert.equal(said, 'permission denied');
  assert.equal(await user('alice'), '');
  assert.equal(await role('role of alice'), '');
  await calls.anonymous().as('root');
  assert.equal(await user('alice'), '');
  assert.equal(await user('nobody'), 'user name not found');
  assert.equal(await role('nothing'), 'role name not found');
});

test('a password may come hashed, if bcrypt made it', async () => {
  const calls = new AuthCalls();
  const hash = `$2a$10$${'a'.repeat(53)}`;
  const add = (name: string, hashed: string): Promise<string> =>
    calls.addUser({ name, hashedPassword: toBase64(text(hashed)) });
  assert.equal(await add('a', hash), '');
  assert.equal(calls.service.context.auth.user('a')?.passwordHash, hash);
  const refused = 'auth: authentication failed, password was given for no password user';
  assert.equal(await calls.addUser({ name: 'b', hashedPassword: '!' }), refused);
  assert.equal(await add('b', 'plain'), refused);
  assert.equal(await add('b', hash.replace('10', '31')), refused);
  assert.equal(await calls.changePassword({ name: 'a', password: 'x', hashedPassword: '!' }), '');
  assert.equal(calls.service.context.auth.user('a')?.passwordHash, 'plain:x');
  const long = await calls.addUser({ name: 'b', password: 'ä'.repeat(37) });
  assert.equal(long, 'bcrypt: password length exceeds 72 bytes');
});

test('what is too much at once is refused, and can be tried again', async () => {
  const calls = await new AuthCalls().enabled();
  calls.passwords.isOverloaded = true;
  await assert.rejects(calls.login('root'), /too many requests/);
  calls.passwords.isOverloaded = false;
  await calls.as('root');
  calls.passwords.isOverloaded = true;
  assert.equal(await calls.addUser({ name: 'x', password: 'x' }), 'too many requests');
  assert.equal(await calls.addRole('x'.repeat(2000)), 'request is too large');
});

test('a message that is none is refused by every method', async () => {
  const calls = new AuthCalls();
  const paths = calls.service.unaryPaths.filter((path) => path.includes('.Auth/'));
  assert.equal(paths.length, 17);
  for (const path of paths) {
    const { error } = await calls.bytes(path, Uint8Array.of(10, 255));
    assert.equal(error?.code, StatusCode.internal, path);
  }
});

test('without ports for it there are no methods, and the table still counts', async () => {
  const plain = new CalledService();
  assert.equal(
    plain.service.unaryPaths.some((path) => path.includes('.Auth/')),
    false,
  );
  const calls = await new AuthCalls().enabled();
  const { machine, store } = calls.group;
  const other = new CalledService({ machine, store });
  const { error } = await other.range({ key: text('a') });
  assert.equal(error?.message, 'etcdserver: user name is empty');
});
