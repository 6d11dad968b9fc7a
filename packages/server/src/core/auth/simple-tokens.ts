import type { Clock, Crypto } from '@quorate/base';
import type { TokenGrant } from './auth-model.ts';
import type { AppliedLog, TokenHolder, TokenProvider } from './auth-ports.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const nonceLetters = 16;
const form = /^[A-Za-z]{16}\.([0-9]{1,15})$/;

/** Bytes from here on are thrown away, so that each letter is as likely as any other. */
const evenBytes = 256 - (256 % letters.length);

/** So often at most is a token that is in use put back to the end of the queue. */
const renewalMs = 1000;

export interface SimpleTokensOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly crypto: Pick<Crypto, 'randomBytes'>;
  /** Of a token that is not used. */
  readonly ttlMs: number;
}

interface KnownToken extends TokenHolder {
  readonly usedAtMs: number;
}

/**
 * Tokens that say nothing and that every member knows, since the log told all of them. They are
 * kept in memory, so a member that was started again knows none.
 */
export class SimpleTokens implements TokenProvider {
  readonly #options: SimpleTokensOptions;
  /** Those that were not used for the longest time come first. */
  readonly #known = new Map<string, KnownToken>();

  constructor(options: SimpleTokensOptions) {
    this.#options = options;
  }

  /** Of those that may still be used. */
  get count(): number {
    this.#forgetExpired();
    return this.#known.size;
  }

  nonce(): string {
    let nonce = '';
    while (nonce.length < nonceLetters) {
      for (const byte of this.#options.crypto.randomBytes(nonceLetters)) {
        if (byte < evenBytes && nonce.length < nonceLetters)
          nonce += letters[byte % letters.length];
      }
    }
    return nonce;
  }

  authenticated(grant: TokenGrant): void {
    this.#forgetExpired();
    const usedAtMs = this.#nowMs;
    this.#known.set(tokenOf(grant), { user: grant.user, authRevision: null, usedAtMs });
  }

  revoked(user: string | null): void {
    for (const [token, holder] of this.#known) {
      if (user === null || holder.user === user) this.#known.delete(token);
    }
  }

  issue(grant: TokenGrant, done: (token: string | null) => void): void {
    done(tokenOf(grant));
  }

  find(token: string): TokenHolder | null {
    const known = this.#known.get(token);
    if (known === undefined) return null;
    const nowMs = this.#nowMs;
    const unusedMs = nowMs - known.usedAtMs;
    if (unusedMs < renewalMs) return known;
    this.#known.delete(token);
    if (unusedMs >= this.#options.ttlMs) return null;
    this.#known.set(token, { ...known, usedAtMs: nowMs });
    return known;
  }

  /** Another member may have made it in an entry that this one has not applied yet. */
  settle(token: string, log: AppliedLog, done: () => void): void {
    const index = Number(form.exec(token)?.[1] ?? 0);
    if (index > log.appliedIndex) log.catchUp(done);
    else done();
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #forgetExpired(): void {
    const expiredMs = this.#nowMs - this.#options.ttlMs;
    for (const [token, { usedAtMs }] of this.#known) {
      if (usedAtMs > expiredMs) return;
      this.#known.delete(token);
    }
  }
}

function tokenOf({ nonce, index }: TokenGrant): string {
  return `${nonce}.${index}`;
}
