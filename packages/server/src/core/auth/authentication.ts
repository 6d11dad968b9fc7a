import { present } from '@quorate/base';
import { decodeMessage, etcd } from '@quorate/schema';
import { authCommand } from '../etcd-command.ts';
import type { EtcdResult } from '../etcd-state-machine.ts';
import type { UnaryDone } from '../method.ts';
import { malformedRequest, rpcErrors } from '../rpc-error.ts';
import { rpcErrorOfRuntime } from '../runtime-failure.ts';
import type { ServiceContext } from '../service-context.ts';
import { malformedCommand } from '../to-wire.ts';
import { authErrors, rpcErrorOfAuth } from './auth-errors.ts';
import type { AuthPorts } from './auth-ports.ts';
import { isPasswordTooLong } from './password-form.ts';

/** So often is a password checked again because something was changed meanwhile. */
const mostAttempts = 10;

/**
 * Gives a token to those who know a password. The password is checked here, and never goes into the
 * log; the log makes the token known to every member, unless the table has changed since the check.
 */
export class Authentication {
  readonly #context: ServiceContext;
  readonly #ports: AuthPorts;

  /** From here on `ports.tokens` hears of tokens. */
  constructor(context: ServiceContext, ports: AuthPorts) {
    const { auth, group } = context;
    const { tokens } = ports;
    // What was in the log when this member was started is applied once more; the tokens in it were
    // made before, and may have been void for long.
    const { lastIndex } = group.status();
    this.#context = context;
    this.#ports = ports;
    auth.onTokens({
      authenticated: (grant) => {
        if (grant.index > lastIndex) tokens.authenticated(grant);
      },
      revoked: (user) => tokens.revoked(user),
    });
  }

  authenticate(request: Uint8Array, done: UnaryDone): void {
    const wire = decodeMessage(etcd.AuthenticateRequest, request);
    if (wire === null) done(malformedRequest, null);
    else this.#context.linearizable(done, () => this.#attempt(wire, done, mostAttempts));
  }

  #attempt(wire: etcd.AuthenticateRequest, done: UnaryDone, attemptsLeft: number): void {
    const { auth } = this.#context;
    const { name, password } = wire;
    if (!auth.isEnabled) return done(rpcErrors.authNotEnabled, null);
    const user = auth.user(name);
    if (user === undefined) return done(rpcErrors.authenticationFailed, null);
    if (user.hasNoPassword) return done(authErrors.passwordGiven, null);
    if (isPasswordTooLong(password)) return done(rpcErrors.authenticationFailed, null);
    const { revision } = auth;
    return this.#ports.passwords.matches(password, user.passwordHash, (isRight) => {
      if (isRight === null) done(rpcErrors.tooManyRequests, null);
      else if (!isRight) done(rpcErrors.authenticationFailed, null);
      else {
        this.#propose(name, revision, (error, result) => {
          const isOld = result?.kind === 'authRefused' && result.refusal === 'authRevisionOld';
          if (error !== null) done(error, null);
          else if (isOld && attemptsLeft > 1) this.#attempt(wire, done, attemptsLeft - 1);
          else this.#answer(present(result, 'what did not fail has a result'), done);
        });
      }
    });
  }

  #propose(
    name: string,
    authRevision: number,
    done: (error: Parameters<UnaryDone>[0], result: EtcdResult | null) => void,
  ): void {
    const nonce = this.#ports.tokens.nonce();
    const nobody = { user: '', authRevision: 0 };
    const command = authCommand({ kind: 'authenticate', name, authRevision, nonce }, nobody);
    this.#context.group.propose(command, (error, applied) => {
      if (error !== null) done(rpcErrorOfRuntime(error), null);
      else done(null, present(applied, 'what did not fail was applied').result);
    });
  }

  #answer(result: EtcdResult, done: UnaryDone): void {
    if (result.kind === 'authRefused') return done(rpcErrorOfAuth(result.refusal), null);
    if (result.kind !== 'authenticated') return done(malformedCommand, null);
    return this.#ports.tokens.issue(result, (token) => {
      const { store } = this.#context;
      if (token === null) done(authErrors.verifyOnly, null);
      else this.#context.answer(etcd.AuthenticateResponse, { token }, store.stats.revision, done);
    });
  }
}
