import { present } from '@quorate/base';
import { type Codec, decodeMessage, etcd, type Init } from '@quorate/schema';
import { authCommand } from '../etcd-command.ts';
import type { EtcdResult } from '../etcd-state-machine.ts';
import type { CallContext, UnaryDone, UnaryMethod } from '../method.ts';
import { malformedRequest, type RpcError, rpcErrors } from '../rpc-error.ts';
import { rpcErrorOfRuntime } from '../runtime-failure.ts';
import type { ServiceContext } from '../service-context.ts';
import { malformedCommand } from '../to-wire.ts';
import { authErrors, rpcErrorOfAuth } from './auth-errors.ts';
import { type AuthCommand, type Permission, type PermissionType, rootName } from './auth-model.ts';
import type { AuthPorts } from './auth-ports.ts';
import { Authentication } from './authentication.ts';
import { hashOfClient, isPasswordTooLong } from './password-form.ts';

const service = '/etcdserverpb.Auth';

/** By their numbers on the wire. */
const permissionTypes: readonly PermissionType[] = ['read', 'write', 'readwrite'];

/** What the role `root` is said to have, whatever it was granted. */
const rootPermission: Init<etcd.Permission> = {
  permType: etcd.PermissionType.READWRITE,
  rangeEnd: Uint8Array.of(0),
};

/** What a change is answered with when it was applied. */
type Answer = (done: UnaryDone) => void;

/** Users, roles, and tokens. Changes go through the log; what is read is up to date. */
export class AuthService {
  readonly #context: ServiceContext;
  readonly #ports: AuthPorts;
  readonly #authentication: Authentication;

  constructor(context: ServiceContext, ports: AuthPorts) {
    this.#context = context;
    this.#ports = ports;
    this.#authentication = new Authentication(context, ports);
  }

  methods(): [path: string, method: UnaryMethod][] {
    return [...this.#authMethods(), ...this.#userMethods(), ...this.#roleMethods()];
  }

  #authMethods(): [path: string, method: UnaryMethod][] {
    const { AuthEnableRequest, AuthEnableResponse, AuthDisableRequest, AuthDisableResponse } = etcd;
    const { AuthStatusRequest, AuthStatusResponse } = etcd;
    return [
      [
        `${service}/AuthEnable`,
        this.#change(AuthEnableRequest, AuthEnableResponse, () => ({ kind: 'authEnable' })),
      ],
      [
        `${service}/AuthDisable`,
        this.#change(AuthDisableRequest, AuthDisableResponse, () => ({ kind: 'authDisable' })),
      ],
      [
        `${service}/AuthStatus`,
        this.#read(AuthStatusRequest, AuthStatusResponse, () => {
          const { isEnabled, revision } = this.#context.auth;
          return { enabled: isEnabled, authRevision: revision };
        }),
      ],
      [
        `${service}/Authenticate`,
        (request, done) => this.#authentication.authenticate(request, done),
      ],
    ];
  }

  #userMethods(): [path: string, method: UnaryMethod][] {
    const { AuthUserDeleteRequest, AuthUserDeleteResponse } = etcd;
    const { AuthUserGrantRoleRequest, AuthUserGrantRoleResponse } = etcd;
    const { AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse } = etcd;
    const { AuthUserListRequest, AuthUserListResponse } = etcd;
    return [
      [`${service}/UserAdd`, (request, done, call) => this.#addUser(request, done, call)],
      [`${service}/UserGet`, (request, done, call) => this.#getUser(request, done, call)],
      [
        `${service}/UserList`,
        this.#read(AuthUserListRequest, AuthUserListResponse, () => {
          return { users: this.#context.auth.userNames() };
        }),
      ],
      [
        `${service}/UserDelete`,
        this.#change(AuthUserDeleteRequest, AuthUserDeleteResponse, ({ name }) => {
          return { kind: 'userDelete', name };
        }),
      ],
      [
        `${service}/UserChangePassword`,
        (request, done, call) => this.#changePassword(request, done, call),
      ],
      [
        `${service}/UserGrantRole`,
        this.#change(AuthUserGrantRoleRequest, AuthUserGrantRoleResponse, ({ user, role }) => {
          return { kind: 'userGrantRole', name: user, role };
        }),
      ],
      [
        `${service}/UserRevokeRole`,
        this.#change(AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse, ({ name, role }) => {
          return { kind: 'userRevokeRole', name, role };
        }),
      ],
    ];
  }

  #roleMethods(): [path: string, method: UnaryMethod][] {
    const { AuthRoleAddRequest, AuthRoleAddResponse } = etcd;
    const { AuthRoleDeleteRequest, AuthRoleDeleteResponse } = etcd;
    const { AuthRoleListRequest, AuthRoleListResponse } = etcd;
    const { AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse } = etcd;
    const { AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse } = etcd;
    return [
      [
        `${service}/RoleAdd`,
        this.#change(AuthRoleAddRequest, AuthRoleAddResponse, ({ name }) => {
          return { kind: 'roleAdd', name };
        }),
      ],
      [`${service}/RoleGet`, (request, done, call) => this.#getRole(request, done, call)],
      [
        `${service}/RoleList`,
        this.#read(AuthRoleListRequest, AuthRoleListResponse, () => {
          return { roles: this.#context.auth.roleNames() };
        }),
      ],
      [
        `${service}/RoleDelete`,
        this.#change(AuthRoleDeleteRequest, AuthRoleDeleteResponse, ({ role }) => {
          return { kind: 'roleDelete', name: role };
        }),
      ],
      [
        `${service}/RoleGrantPermission`,
        this.#change(AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse, grantOf),
      ],
      [
        `${service}/RoleRevokePermission`,
        this.#change(
          AuthRoleRevokePermissionRequest,
          AuthRoleRevokePermissionResponse,
          ({ role, key, rangeEnd }) => {
            return { kind: 'roleRevokePermission', name: role, range: { key, rangeEnd } };
          },
        ),
      ],
    ];
  }

  /** A method that changes the table, which only admins may. */
  #change<Q, A>(
    codec: Codec<Q>,
    answer: Codec<A>,
    commandOf: (wire: Q) => AuthCommand | RpcError,
  ): UnaryMethod {
    return (request, done, call) => {
      const wire = this.#decoded(codec, request, done, call);
      if (wire === null) return;
      const command = commandOf(wire);
      if ('code' in command) done(command, null);
      else this.#propose(command, call, done, this.#empty(answer));
    };
  }

  /** A method that only admins may call, and that reads. */
  #read<Q, A>(codec: Codec<Q>, answer: Codec<A>, read: () => Init<A>): UnaryMethod {
    return (request, done, call) => {
      if (decodeMessage(codec, request) === null) return done(malformedRequest, null);
      return this.#context.linearizable(done, () => {
        const refusal = this.#context.guard.adminRefusal(call);
        if (refusal !== null) done(refusal, null);
        else this.#answer(answer, read(), done);
      });
    };
  }

  #addUser(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = this.#decoded(etcd.AuthUserAddRequest, request, done, call);
    if (wire === null) return;
    const { name } = wire;
    const hasNoPassword = wire.options?.noPassword === true;
    const add = (passwordHash: string): void => {
      const command: AuthCommand = { kind: 'userAdd', name, passwordHash, hasNoPassword };
      this.#propose(command, call, done, this.#empty(etcd.AuthUserAddResponse));
    };
    // Hashing takes long, and is the one check that can be made before it.
    if (name === '') done(rpcErrors.userNameEmpty, null);
    else if (hasNoPassword) add('');
    else this.#hash(wire, done, add);
  }

  #changePassword(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = this.#decoded(etcd.AuthUserChangePasswordRequest, request, done, call);
    if (wire === null) return;
    const { name } = wire;
    this.#hash(wire, done, (passwordHash) => {
      const command: AuthCommand = { kind: 'userChangePassword', name, passwordHash };
      this.#propose(command, call, done, this.#empty(etcd.AuthUserChangePasswordResponse));
    });
  }

  #getUser(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.AuthUserGetRequest, request);
    if (wire === null) return done(malformedRequest, null);
    const { auth, guard } = this.#context;
    return this.#context.linearizable(done, () => {
      const refusal = guard.adminRefusal(call);
      const asker = guard.asker(call).user;
      const isOwn = asker !== '' && asker === wire.name;
      const user = auth.user(wire.name);
      if (refusal !== null && !isOwn) done(refusal, null);
      else if (user === undefined) done(rpcErrors.userNotFound, null);
      else this.#answer(etcd.AuthUserGetResponse, { roles: user.roles }, done);
    });
  }

  #getRole(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.AuthRoleGetRequest, request);
    if (wire === null) return done(malformedRequest, null);
    const { auth, guard } = this.#context;
    return this.#context.linearizable(done, () => {
      const refusal = guard.adminRefusal(call);
      const isOwn = auth.user(guard.asker(call).user)?.roles.includes(wire.role) === true;
      const role = auth.role(wire.role);
      if (refusal !== null && !isOwn) return done(refusal, null);
      if (role === undefined) return done(rpcErrors.roleNotFound, null);
      const perm =
        role.name === rootName ? [rootPermission] : role.permissions.map(permissionToWire);
      return this.#answer(etcd.AuthRoleGetResponse, { perm }, done);
    });
  }

  /** Null: `done` was called. Whoever is no admin is not even looked at closely. */
  #decoded<Q>(codec: Codec<Q>, request: Uint8Array, done: UnaryDone, call: CallContext): Q | null {
    const wire = decodeMessage(codec, request);
    const error = wire === null ? malformedRequest : this.#context.guard.adminRefusal(call);
    if (error === null) return wire;
    done(error, null);
    return null;
  }

  #hash(
    { password, hashedPassword }: { readonly password: string; readonly hashedPassword: string },
    done: UnaryDone,
    use: (hash: string) => void,
  ): void {
    if (password === '' && hashedPassword !== '') {
      const hash = hashOfClient(hashedPassword);
      if (hash === null) done(authErrors.passwordGiven, null);
      else use(hash);
    } else if (isPasswordTooLong(password)) {
      done(authErrors.passwordTooLong, null);
    } else {
      this.#ports.passwords.hash(password, (hash) => {
        if (hash === null) done(rpcErrors.tooManyRequests, null);
        else use(hash);
      });
    }
  }

  #propose(command: AuthCommand, call: CallContext, done: UnaryDone, answer: Answer): void {
    const { group, guard, options } = this.#context;
    const encoded = authCommand(command, guard.asker(call));
    if (encoded.length > options.maxCommandBytes) return done(rpcErrors.requestTooLarge, null);
    return group.propose(encoded, (error, applied) => {
      if (error !== null) return done(rpcErrorOfRuntime(error), null);
      const refusal = refusalOf(present(applied, 'what did not fail was applied').result);
      return refusal === null ? answer(done) : done(refusal, null);
    });
  }

  #empty<A>(codec: Codec<A>): Answer {
    return (done) => this.#answer(codec, {}, done);
  }

  #answer<A>(codec: Codec<A>, message: Init<A>, done: UnaryDone): void {
    this.#context.answer(codec, message, this.#context.store.stats.revision, done);
  }
}

function refusalOf(result: EtcdResult): RpcError | null {
  if (result.kind === 'authChanged') return null;
  return result.kind === 'authRefused' ? rpcErrorOfAuth(result.refusal) : malformedCommand;
}

function grantOf({ name, perm }: etcd.AuthRoleGrantPermissionRequest): AuthCommand | RpcError {
  if (perm === null) return rpcErrors.permissionNotGiven;
  const type = permissionTypes[perm.permType];
  if (type === undefined) return rpcErrors.invalidAuthManagement;
  const { key, rangeEnd } = perm;
  return { kind: 'roleGrantPermission', name, permission: { type, key, rangeEnd } };
}

function permissionToWire({ type, key, rangeEnd }: Permission): Init<etcd.Permission> {
  return { permType: permissionTypes.indexOf(type), key, rangeEnd };
}
