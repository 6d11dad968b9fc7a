import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock, Crypto } from '@quorate/base';
import { ServerError, SimpleTokens, type TokenProvider } from '../core/index.ts';
import { JwtTokens } from './jwt-tokens.ts';

/** How clients prove who they are. */
export interface AuthOptions {
  /**
   * `simple`, the usual, or `jwt,sign-method=RS256,pub-key=FILE,priv-key=FILE,ttl=5m`. Every member
   * must have the same. With a public key only, a member verifies tokens and makes none; HS256 to
   * HS512 take a secret as `priv-key`.
   */
  readonly token?: string;
  /** Of a simple token that is not used; 300 when left out. */
  readonly tokenTtlSeconds?: number;
  /** bcrypt's, of new passwords: 4 to 16; 10 when left out. */
  readonly bcryptCost?: number;
}

export interface TokenPorts {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, 'randomBytes'>;
}

const defaultTokenTtlSeconds = 300;
const signMethods = /^(?:(?:RS|PS|ES|HS)(?:256|384|512)|EdDSA)$/;
const ttlForm = /^([0-9]{1,9})(ms|s|m|h)$/;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const known = new Set(['sign-method', 'pub-key', 'priv-key', 'ttl']);

/** @throws ServerError SERVER_TOKEN_OPTIONS_INVALID */
export function createTokens(options: AuthOptions, ports: TokenPorts): TokenProvider {
  const [kind = '', ...rest] = (options.token ?? 'simple').split(',');
  if (kind === 'simple' && rest.length === 0) {
    const ttlMs = 1000 * (options.tokenTtlSeconds ?? defaultTokenTtlSeconds);
    return new SimpleTokens({ ...ports, ttlMs });
  }
  if (kind !== 'jwt') throw invalid(`'${kind}' is no kind of token`, "'simple' or 'jwt,...'");
  return createJwtTokens(settingsOf(rest), ports);
}

function settingsOf(pairs: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, at));
    if (at < 1 || !known.has(key)) {
      throw invalid(`'${pair}' is no setting of it`, `one of ${[...known].join(', ')}`);
    }
    if (settings.has(key)) throw invalid(`'${key}' is there twice`, 'each once');
    settings.set(key, pair.slice(at + 1));
  }
  return settings;
}

function createJwtTokens(settings: ReadonlyMap<string, string>, { clock }: TokenPorts): JwtTokens {
  const signMethod = settings.get('sign-method') ?? '';
  if (!signMethods.test(signMethod)) {
    throw invalid(`'${signMethod}' is no sign-method`, 'RS256 or another of RFC 7518');
  }
  const ttlMs = ttlOf(settings.get('ttl') ?? '5m');
  const privateFile = settings.get('priv-key');
  const publicFile = settings.get('pub-key');
  if (signMethod.startsWith('HS')) {
    if (privateFile === undefined) throw invalid('there is no secret', 'priv-key=FILE');
    const secret = keyOf(privateFile, createSecretKey);
    return new JwtTokens({
      signMethod,
      signingKey: secret,
      verifyingKey: secret,
      ttlMs,
      clock,
    });
  }
  const signingKey = privateFile === undefined ? null : keyOf(privateFile, createPrivateKey);
  if (publicFile === undefined && signingKey === null) {
    throw invalid('there is no key', 'pub-key=FILE, priv-key=FILE, or both');
  }
  const ofPrivate = signingKey === null ? null : createPublicKey(signingKey);
  const verifyingKey = publicFile === undefined ? ofPrivate : keyOf(publicFile, createPublicKey);
  if (verifyingKey === null) throw invalid('there is no key', 'pub-key=FILE');
  if (ofPrivate !== null && !ofPrivate.equals(verifyingKey)) {
    throw invalid('pub-key and priv-key are not of one pair', 'the public key of the private one');
  }
  if (!isKeyFor(signMethod, verifyingKey)) {
    throw invalid(`the key is not one for ${signMethod}`, 'a key of its kind, RSA of 2048 bits');
  }
  return new JwtTokens({ signMethod, signingKey, verifyingKey, ttlMs, clock });
}

const curves: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

function isKeyFor(signMethod: string, key: KeyObject): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (signMethod === 'EdDSA') return asymmetricKeyType === 'ed25519';
  const curve = curves[signMethod];
  if (curve !== undefined) return asymmetricKeyDetails?.namedCurve === curve;
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}

function ttlOf(text: string): number {
  const match = ttlForm.exec(text);
  const ttlMs = Number(match?.[1] ?? 0) * (unitMs[match?.[2] ?? ''] ?? 0);
  if (ttlMs <= 0)
    throw invalid(`'${text}' is no ttl`, 'a number with its unit, such as 5m or 300s');
  return ttlMs;
}

function keyOf(file: string, read: (content: Buffer) => KeyObject): KeyObject {
  try {
    return read(readFileSync(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`no key can be read from ${file} (${reason})`, 'a readable file in PEM', error);
  }
}

function invalid(
  reason: string,
  wanted: string,
  cause?: unknown,
): ServerError<'SERVER_TOKEN_OPTIONS_INVALID'> {
  const message = `the option for tokens cannot be used: ${reason}; say ${wanted}`;
  return new ServerError('SERVER_TOKEN_OPTIONS_INVALID', message, { reason }, { cause });
}
