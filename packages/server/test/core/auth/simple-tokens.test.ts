import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimpleTokens } from '@quorate/server/core';
import { ManualTime } from '../manual-time.ts';
import { randomFrom, ttlMs } from './auth-calls.ts';

function fresh(): { tokens: SimpleTokens; time: ManualTime } {
  const time = new ManualTime();
  return { tokens: new SimpleTokens({ clock: time.clock, crypto: randomFrom(3), ttlMs }), time };
}

function grant(user: string, index: number) {
  return { user, authRevision: 5, nonce: 'abcdefghijklmnop', index };
}

const log = (appliedIndex: number, caughtUp: () => void) => {
  return {
    appliedIndex,
    catchUp: (done: () => void): void => {
      caughtUp();
      done();
    },
  };
};

test('nonces are letters, all of them, and none is like another', () => {
  const { tokens } = fresh();
  const nonces = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const nonce = tokens.nonce();
    assert.match(nonce, /^[A-Za-z]{16}$/);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 500);
  assert.equal(new Set([...nonces].join('')).size, 52);
});

test('a token is known wherever the grant was told, and says nothing of a revision', () => {
  const { tokens } = fresh();
  assert.equal(tokens.find('abcdefghijklmnop.9'), null);
  tokens.authenticated(grant('alice', 9));
  tokens.issue(grant('alice', 9), (token) => assert.equal(token, 'abcdefghijklmnop.9'));
  assert.equal(tokens.find('abcdefghijklmnop.9')?.user, 'alice');
  assert.equal(tokens.find('abcdefghijklmnop.9')?.authRevision, null);
});

test('tokens that are not used are forgotten, those that are stay', async () => {
  const { tokens, time } = fresh();
  tokens.authenticated(grant('alice', 1));
  tokens.authenticated(grant('alice', 2));
  await time.advance(ttlMs - 10);
  assert.notEqual(tokens.find('abcdefghijklmnop.1'), null);
  await time.advance(10);
  assert.equal(tokens.count, 1);
  assert.equal(tokens.find('abcdefghijklmnop.2'), null);
  assert.notEqual(tokens.find('abcdefghijklmnop.1'), null);
});

test('a user loses its own tokens, everyone loses all', () => {
  const { tokens } = fresh();
  tokens.authenticated(grant('alice', 1));
  tokens.authenticated(grant('bob', 2));
  tokens.authenticated(grant('bob', 3));
  tokens.revoked('alice');
  assert.equal(tokens.count, 2);
  tokens.revoked(null);
  assert.equal(tokens.count, 0);
});

test('only what this member may not have applied yet is waited for', () => {
  const { tokens } = fresh();
  let waits = 0;
  let ends = 0;
  const settle = (token: string): void =>
    tokens.settle(
      token,
      log(10, () => waits++),
      () => ends++,
    );
  for (const token of ['abcdefghijklmnop.10', 'abcdefghijklmnop', 'a.99', '', 'x'.repeat(99)]) {
    settle(token);
  }
  assert.deepEqual([waits, ends], [0, 5]);
  settle('abcdefghijklmnop.11');
  assert.deepEqual([waits, ends], [1, 6]);
});
