import type { Asker, TokenGrant, TokenListener } from './auth-model.ts';

/** How far the log is applied here. */
export interface AppliedLog {
  readonly appliedIndex: number;
  /** Calls back when everything that was acknowledged before is applied, or cannot be. */
  catchUp(done: () => void): void;
}

/** What a token says: whose it is, and of which auth revision; null: of whichever there is. */
export interface TokenHolder {
  readonly user: Asker['user'];
  readonly authRevision: number | null;
}

/**
 * Makes tokens and knows them again. Two kinds: such as every member keeps in memory, and such as
 * say by themselves whose they are, signed.
 */
export interface TokenProvider extends TokenListener {
  /** Goes into the log with an authentication, unpredictable; '' where nothing is needed. */
  nonce(): string;
  /** The token for a grant; null: this member cannot make any. */
  issue(grant: TokenGrant, done: (token: string | null) => void): void;
  /** At once, and again and again: null where the token is void, or not known yet. */
  find(token: string): TokenHolder | null;
  /** Looks into a token that `find` does not know; afterwards `find` knows it, or it is void. */
  settle(token: string, log: AppliedLog, done: () => void): void;
}

/** bcrypt, at some place where it does not hold up everything else. */
export interface PasswordHasher {
  /** @param done null: too much is asked for at once */
  hash(password: string, done: (hash: string | null) => void): void;
  /** @param done null: too much is asked for at once */
  matches(password: string, hash: string, done: (isRight: boolean | null) => void): void;
}

/** What authentication needs of the outside. */
export interface AuthPorts {
  readonly tokens: TokenProvider;
  readonly passwords: PasswordHasher;
}
