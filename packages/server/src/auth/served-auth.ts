import { createClock, systemCrypto } from '@quorate/node';
import type { AuthPorts } from '../core/index.ts';
import { type AuthOptions, createTokens } from './auth-options.ts';
import { BcryptPasswords } from './bcrypt-passwords.ts';

/** bcrypt's, unless another is asked for. */
const usualCost = 10;

/** Tokens and passwords of one server. */
export interface ServedAuth extends AuthPorts {
  /** Passwords that are being looked at are let go. */
  close(): void;
}

/** @throws ServerError SERVER_TOKEN_OPTIONS_INVALID */
export function createAuth(options: AuthOptions): ServedAuth {
  const tokens = createTokens(options, { clock: createClock(), crypto: systemCrypto });
  const passwords = new BcryptPasswords({ cost: options.bcryptCost ?? usualCost });
  return { tokens, passwords, close: () => passwords.close() };
}
