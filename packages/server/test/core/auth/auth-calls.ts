import { Prng } from '@quorate/base';
import { type Codec, decodeMessage, encodeMessage, etcd, type Init } from '@quorate/schema';
import {
  type CallContext,
  type PasswordHasher,
  type RpcError,
  type ServiceOptions,
  SimpleTokens,
  type TokenProvider,
} from '@quorate/server/core';
import { CalledService } from '../called-service.ts';
import { ManualTime } from '../manual-time.ts';

/** Hashes that can be read, at once; what is asked is counted. */
export class PlainPasswords implements PasswordHasher {
  asked = 0;
  /** Called before an answer, as if it had taken long. */
  meanwhile: () => void = () => undefined;
  isOverloaded = false;

  hash(password: string, done: (hash: string | null) => void): void {
    this.asked++;
    this.meanwhile();
    done(this.isOverloaded ? null : `plain:${password}`);
  }

  matches(password: string, hash: string, done: (isRight: boolean | null) => void): void {
    this.asked++;
    this.meanwhile();
    done(this.isOverloaded ? null : hash === `plain:${password}`);
  }
}

/** Deterministic, so not for anything but tests. */
export function randomFrom(seed: number): { randomBytes: (count: number) => Uint8Array } {
  const prng = new Prng(seed);
  return { randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)) };
}

export const ttlMs = 300_000;

type Outcome<T> = { error: RpcError; value: null } | { error: null; value: T };

/** The service with users, called in anybody's name. */
export class AuthCalls extends CalledService {
  readonly passwords: PlainPasswords;
  readonly tokenTime: ManualTime;
  /** What calls carry from now on. */
  context: CallContext = { requireLeader: false, token: '', commonName: '' };

  constructor(options: Partial<ServiceOptions> = {}, tokens?: TokenProvider) {
    const tokenTime = new ManualTime();
    const passwords = new PlainPasswords();
    const { clock } = tokenTime;
    const auth = {
      tokens: tokens ?? new SimpleTokens({ clock, crypto: randomFrom(1), ttlMs }),
      passwords,
    };
    super({ auth, ...options });
    this.passwords = passwords;
    this.tokenTime = tokenTime;
  }

  override bytes(path: string, request: Uint8Array): Promise<Outcome<Uint8Array>> {
    return new Promise((resolve) => {
      this.service.unary(path)(request, this.context, (error, answer) => {
        if (error !== null) resolve({ error, value: null });
        else resolve({ error: null, value: answer as Uint8Array });
      });
    });
  }

  /** @returns the error's text, or '' */
  async said<Q, A>(
    path: string,
    request: Codec<Q>,
    message: Init<Q>,
    _answer: Codec<A>,
  ): Promise<string> {
    const { error } = await this.bytes(`/etcdserverpb.${path}`, encodeMessage(request, message));
    return error === null ? '' : error.message.replace('etcdserver: ', '');
  }

  async answered<Q, A>(
    path: string,
    request: Codec<Q>,
    message: Init<Q>,
    answer: Codec<A>,
  ): Promise<A> {
    const encoded = encodeMessage(request, message);
    const { error, value } = await this.bytes(`/etcdserverpb.${path}`, encoded);
    if (error !== null) throw new Error(`${path}: ${error.message}`);
    return decodeMessage(answer, value) as A;
  }

  anonymous(): this {
    this.context = { requireLeader: false, token: '', commonName: '' };
    return this;
  }

  withToken(token: string): this {
    this.context = { requireLeader: false, token, commonName: '' };
    return this;
  }

  withCertificate(commonName: string, token = ''): this {
    this.context = { requireLeader: false, token, commonName };
    return this;
  }

  async login(name: string, password = name): Promise<string> {
    const { AuthenticateRequest, AuthenticateResponse } = etcd;
    const path = 'Auth/Authenticate';
    const message = { name, password };
    return (await this.answered(path, AuthenticateRequest, message, AuthenticateResponse)).token;
  }

  async as(name: string, password = name): Promise<this> {
    return this.withToken(await this.login(name, password));
  }

  enable(): Promise<string> {
    return this.said('Auth/AuthEnable', etcd.AuthEnableRequest, {}, etcd.AuthEnableResponse);
  }

  disable(): Promise<string> {
    return this.said('Auth/AuthDisable', etcd.AuthDisableRequest, {}, etcd.AuthDisableResponse);
  }

  addUser(message: Init<etcd.AuthUserAddRequest>): Promise<string> {
    return this.said('Auth/UserAdd', etcd.AuthUserAddRequest, message, etcd.AuthUserAddResponse);
  }

  deleteUser(name: string): Promise<string> {
    const { AuthUserDeleteRequest, AuthUserDeleteResponse } = etcd;
    return this.said('Auth/UserDelete', AuthUserDeleteRequest, { name }, AuthUserDeleteResponse);
  }

  changePassword(message: Init<etcd.AuthUserChangePasswordRequest>): Promise<string> {
    const { AuthUserChangePasswordRequest, AuthUserChangePasswordResponse } = etcd;
    const path = 'Auth/UserChangePassword';
    return this.said(path, AuthUserChangePasswordRequest, message, AuthUserChangePasswordResponse);
  }

  grantRole(user: string, role: string): Promise<string> {
    const { AuthUserGrantRoleRequest, AuthUserGrantRoleResponse } = etcd;
    const path = 'Auth/UserGrantRole';
    return this.said(path, AuthUserGrantRoleRequest, { user, role }, AuthUserGrantRoleResponse);
  }

  revokeRole(name: string, role: string): Promise<string> {
    const { AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse } = etcd;
    const path = 'Auth/UserRevokeRole';
    return this.said(path, AuthUserRevokeRoleRequest, { name, role }, AuthUserRevokeRoleResponse);
  }

  addRole(name: string): Promise<string> {
    return this.said('Auth/RoleAdd', etcd.AuthRoleAddRequest, { name }, etcd.AuthRoleAddResponse);
  }

  deleteRole(role: string): Promise<string> {
    const { AuthRoleDeleteRequest, AuthRoleDeleteResponse } = etcd;
    return this.said('Auth/RoleDelete', AuthRoleDeleteRequest, { role }, AuthRoleDeleteResponse);
  }

  grant(name: string, perm: Init<etcd.Permission> | null): Promise<string> {
    const { AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse } = etcd;
    return this.said(
      'Auth/RoleGrantPermission',
      AuthRoleGrantPermissionRequest,
      { name, perm },
      AuthRoleGrantPermissionResponse,
    );
  }

  revoke(message: Init<etcd.AuthRoleRevokePermissionRequest>): Promise<string> {
    const { AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse } = etcd;
    return this.said(
      'Auth/RoleRevokePermission',
      AuthRoleRevokePermissionRequest,
      message,
      AuthRoleRevokePermissionResponse,
    );
  }

  status(): Promise<etcd.AuthStatusResponse> {
    return this.answered('Auth/AuthStatus', etcd.AuthStatusRequest, {}, etcd.AuthStatusResponse);
  }

  /** root, and users that may do something each, with their names as passwords. */
  async enabled(users: Record<string, readonly Init<etcd.Permission>[]> = {}): Promise<this> {
    await this.addUser({ name: 'root', password: 'root' });
    await this.grantRole('root', 'root');
    for (const [name, permissions] of Object.entries(users)) {
      await this.addUser({ name, password: name });
      await this.addRole(`role of ${name}`);
      for (const permission of permissions) await this.grant(`role of ${name}`, permission);
      await this.grantRole(name, `role of ${name}`);
    }
    await this.enable();
    return this;
  }
}

/** @returns why the answer is one, as clients are told */
export function refusalIn({ error }: { readonly error: RpcError | null }): string {
  return error === null ? '' : error.message.replace('etcdserver: ', '');
}
