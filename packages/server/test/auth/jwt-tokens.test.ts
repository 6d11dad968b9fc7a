import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { JwtTokens } from '../../src/auth/jwt-tokens.ts';

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa: Keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256: Keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519: Keys = generateKeyPairSync('ed25519');
const secret = createSecretKey(Buffer.alloc(64, 7));

const start = 1_800_000_000;
const log = { appliedIndex: 0, catchUp: (done: () => void) => done() };

class Clock {
  seconds = start;

  wallMicros(): number {
    return this.seconds * 1_000_000;
  }
}

function tokensOf(signMethod: string, { privateKey, publicKey }: Keys, clock = new Clock()) {
  const ttlMs = 300_000;
  return new JwtTokens({
    signMethod,
    signingKey: privateKey,
    verifyingKey: publicKey,
    ttlMs,
    clock,
  });
}

function issued(tokens: JwtTokens): Promise<string | null> {
  const grant = { user: 'alice', authRevision: 42, nonce: tokens.nonce(), index: 7 };
  return new Promise((resolve) => tokens.issue(grant, resolve));
}

async function settled(tokens: JwtTokens, token: string): Promise<unknown> {
  await new Promise<void>((resolve) => tokens.settle(token, log, resolve));
  return tokens.find(token);
}

function signed(payload: JWTPayload, alg = 'RS256', key: KeyObject = rsa.privateKey) {
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(key);
}

const good = { username: 'alice', revision: 42, exp: start + 100 };

for (const [signMethod, keys] of [
  ['RS256', rsa],
  ['PS512', rsa],
  ['ES256', p256],
  ['EdDSA', ed25519],
  ['HS512', { privateKey: secret, publicKey: secret }],
] as const) {
  test(`a token signed with ${signMethod} says whose it is, and of which revision`, async () => {
    const clock = new Clock();
    const tokens = tokensOf(signMethod, keys, clock);
    const token = (await issued(tokens)) ?? '';
    assert.equal(decodeProtectedHeader(token).alg, signMethod);
    assert.deepEqual(decodeJwt(token), { username: 'alice', revision: 42, exp: start + 300 });
    await jwtVerify(token, keys.publicKey, { currentDate: new Date(start * 1000) });

    const member = tokensOf(signMethod, keys, clock);
    assert.equal(member.find(token), null, 'not known yet');
    assert.partialDeepStrictEqual(await settled(member, token), {
      user: 'alice',
      authRevision: 42,
    });
    clock.seconds += 300;
    assert.equal(member.find(token), null, 'expired');
    assert.equal(await settled(member, token), null);
  });
}

test('tokens of others are taken if they say enough', async () => {
  const tokens = tokensOf('RS256', rsa);
  assert.notEqual(await settled(tokens, await signed(good)), null);
  const forever = await signed({ username: 'alice', revision: 0 });
  assert.partialDeepStrictEqual(await settled(tokens, forever), { authRevision: 0 });
});

test('what is not signed rightly, or says too little, is void', async () => {
  const tokens = tokensOf('RS256', rsa);
  const stranger: Keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const whole = await signed(good);
  const [head = '', body = '', signature = ''] = whole.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const forged = Buffer.from('{"username":"root","revision":42}').toString('base64url');
  const bad = [
    '',
    'x',
    '..',
    'a.b.c',
    `${none}.${body}.`,
    `${none}.${body}.${signature}`,
    `${head}.${forged}.${signature}`,
    `${head}.${body}.${signature}.`,
    await signed(good, 'RS256', stranger.privateKey),
    await signed(good, 'RS512'),
    await signed(good, 'PS256'),
    await signed(
      good,
      'HS256',
      createSecretKey(rsa.publicKey.export({ type: 'spki', format: 'der' })),
    ),
    await signed({ ...good, exp: start }),
    await signed({ ...good, nbf: start + 50 }),
    await signed({ revision: 42 }),
    await signed({ username: 'alice' }),
    await signed({ username: '', revision: 42 }),
    await signed({ username: 7, revision: 42 }),
    await signed({ username: 'alice', revision: '42' }),
    await signed({ username: 'alice', revision: -1 }),
    await signed({ username: 'alice', revision: 1.5 }),
    'y'.repeat(100_000),
  ];
  for (const token of bad) assert.equal(await settled(tokens, token), null, token.slice(0, 80));
});

test('with a public key only, tokens are verified and not made', async () => {
  const clock = new Clock();
  const reader = new JwtTokens({
    signMethod: 'RS256',
    signingKey: null,
    verifyingKey: rsa.publicKey,
    ttlMs: 1000,
    clock,
  });
  assert.equal(await issued(reader), null);
  assert.notEqual(await settled(reader, await signed(good)), null);
  reader.authenticated();
  reader.revoked();
  assert.notEqual(reader.find(await signed(good)), undefined);
});
