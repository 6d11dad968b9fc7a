import type { KeyObject } from 'node:crypto';
import type { Clock } from '@quorate/base';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { AppliedLog, TokenGrant, TokenHolder, TokenProvider } from '../core/index.ts';

/** As many verified tokens are remembered; others are verified again. */
const mostRemembered = 10_000;

export interface JwtTokensOptions {
  /** The only one that is taken: RS, PS, ES and HS with 256, 384 or 512, or EdDSA. */
  readonly signMethod: string;
  /** Null: this member verifies tokens and makes none. */
  readonly signingKey: KeyObject | null;
  readonly verifyingKey: KeyObject;
  readonly ttlMs: number;
  readonly clock: Pick<Clock, 'wallMicros'>;
}

interface VerifiedToken extends TokenHolder {
  /** By the wall clock, in seconds; infinity: never. */
  readonly expiresAtSeconds: number;
}

/**
 * Tokens that say by themselves whose they are and under which auth revision that was found out,
 * signed (RFC 7519). Members share keys and remember nothing but what they have verified.
 */
export class JwtTokens implements TokenProvider {
  readonly #options: JwtTokensOptions;
  readonly #verified = new Map<string, VerifiedToken>();

  constructor(options: JwtTokensOptions) {
    this.#options = options;
  }

  nonce(): string {
    return '';
  }

  authenticated(): void {
    return undefined;
  }

  /** A token that was signed cannot be taken back, but its auth revision is old from now on. */
  revoked(): void {
    return undefined;
  }

  issue({ user, authRevision }: TokenGrant, done: (token: string | null) => void): void {
    const { signingKey, signMethod, ttlMs } = this.#options;
    if (signingKey === null) {
      done(null);
      return;
    }
    const expiresAtSeconds = Math.floor(this.#nowSeconds + ttlMs / 1000);
    new SignJWT({ username: user, revision: authRevision })
      .setProtectedHeader({ alg: signMethod, typ: 'JWT' })
      .setExpirationTime(expiresAtSeconds)
      .sign(signingKey)
      .then(done, () => done(null));
  }

  find(token: string): TokenHolder | null {
    const verified = this.#verified.get(token);
    if (verified === undefined) return null;
    if (verified.expiresAtSeconds > this.#nowSeconds) return verified;
    this.#verified.delete(token);
    return null;
  }

  settle(token: string, _log: AppliedLog, done: () => void): void {
    this.#verify(token).then(done, (error: unknown) => {
      done();
      // A token can be wrong in many ways, which are all the same; anything else is a bug.
      if (!(error instanceof errors.JOSEError || error instanceof TypeError)) throw error;
    });
  }

  async #verify(token: string): Promise<void> {
    const { verifyingKey, signMethod } = this.#options;
    const { payload } = await jwtVerify(token, verifyingKey, {
      algorithms: [signMethod],
      currentDate: new Date(this.#nowSeconds * 1000),
    });
    const { username, revision, exp } = payload;
    if (typeof username !== 'string' || username === '') return;
    if (typeof revision !== 'number' || !Number.isSafeInteger(revision) || revision < 0) return;
    if (this.#verified.size === mostRemembered) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    const expiresAtSeconds = exp ?? Number.POSITIVE_INFINITY;
    this.#verified.set(token, { user: username, authRevision: revision, expiresAtSeconds });
  }

  get #nowSeconds(): number {
    return this.#options.clock.wallMicros() / 1_000_000;
  }
}
