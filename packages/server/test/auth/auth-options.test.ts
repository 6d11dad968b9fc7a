import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createClock, systemCrypto } from '@quorate/node';
import { SimpleTokens } from '@quorate/server/core';
import { createTokens } from '../../src/auth/auth-options.ts';
import { JwtTokens } from '../../src/auth/jwt-tokens.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-auth-'));
after(() => rmSync(directory, { recursive: true }));

const ports = { clock: createClock(), crypto: systemCrypto };

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function pair(name: string): { publicFile: string; privateFile: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicFile: file(`${name}.pub`, `${publicKey.export({ type: 'spki', format: 'pem' })}`),
    privateFile: file(`${name}.key`, `${privateKey.export({ type: 'pkcs8', format: 'pem' })}`),
  };
}

test('simple tokens are the usual ones', () => {
  assert.ok(createTokens({}, ports) instanceof SimpleTokens);
  assert.ok(createTokens({ token: 'simple', tokenTtlSeconds: 5 }, ports) instanceof SimpleTokens);
});

test('signed tokens take a pair of keys, either of them, or a secret', () => {
  const { publicFile, privateFile } = pair('a');
  const secret = file('secret', 's'.repeat(64));
  for (const token of [
    `jwt,sign-method=EdDSA,pub-key=${publicFile},priv-key=${privateFile},ttl=10m`,
    `jwt,priv-key=${privateFile},sign-method=EdDSA`,
    `jwt,pub-key=${publicFile},sign-method=EdDSA,ttl=1h`,
    `jwt,priv-key=${secret},sign-method=HS256,ttl=500ms`,
  ]) {
    assert.ok(createTokens({ token }, ports) instanceof JwtTokens, token);
  }
});

test('what cannot be used is refused with the reason', () => {
  const { publicFile, privateFile } = pair('b');
  const other = pair('c');
  const cases: [token: string, reason: RegExp][] = [
    ['paseto', /'paseto' is no kind of token/],
    ['simple,ttl=5m', /'simple' is no kind|no kind of token/],
    ['', /no kind of token/],
    ['jwt', /'' is no sign-method/],
    ['jwt,sign-method=none', /'none' is no sign-method/],
    ['jwt,sign-method=EdDSA', /there is no key/],
    ['jwt,sign-method=HS256', /there is no secret/],
    [`jwt,sign-method=RS256,priv-key=${privateFile}`, /the key is not one for RS256/],
    [`jwt,sign-method=ES256,priv-key=${privateFile}`, /the key is not one for ES256/],
    ['jwt,sign-method=EdDSA,x=1', /'x=1' is no setting/],
    ['jwt,sign-method', /'sign-method' is no setting/],
    ['jwt,ttl=1m,ttl=2m', /'ttl' is there twice/],
    ['jwt,sign-method=EdDSA,ttl=0s', /'0s' is no ttl/],
    ['jwt,sign-method=EdDSA,ttl=5', /'5' is no ttl/],
    [`jwt,sign-method=EdDSA,pub-key=${directory}/none`, /no key can be read from .*none/],
    [`jwt,sign-method=EdDSA,priv-key=${publicFile}`, /no key can be read from/],
    [
      `jwt,sign-method=EdDSA,pub-key=${other.publicFile},priv-key=${privateFile}`,
      /are not of one pair/,
    ],
  ];
  for (const [token, message] of cases) {
    assert.throws(() => createTokens({ token }, ports), {
      code: 'SERVER_TOKEN_OPTIONS_INVALID',
      message,
    });
  }
});
