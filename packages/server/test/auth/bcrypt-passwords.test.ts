import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BcryptPasswords } from '../../src/auth/bcrypt-passwords.ts';

function hashed(passwords: BcryptPasswords, password: string): Promise<string | null> {
  return new Promise((resolve) => passwords.hash(password, resolve));
}

function isRight(passwords: BcryptPasswords, password: string, hash: string) {
  return new Promise<boolean | null>((resolve) => passwords.matches(password, hash, resolve));
}

test('a password matches its hash, and no other', async () => {
  const passwords = new BcryptPasswords({ cost: 4 });
  const hash = (await hashed(passwords, 'sécret')) ?? '';
  assert.match(hash, /^\$2[aby]\$04\$.{53}$/);
  assert.notEqual(await hashed(passwords, 'sécret'), hash, 'salted');
  assert.equal(await isRight(passwords, 'sécret', hash), true);
  assert.equal(await isRight(passwords, 'secret', hash), false);
  passwords.close();
});

test('hashes of others are understood, and what is none matches nothing', async () => {
  const passwords = new BcryptPasswords({ cost: 4 });
  // From the test vectors of OpenBSD's and Openwall's implementations.
  const known = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
  assert.equal(await isRight(passwords, 'U*U', known), true);
  assert.equal(await isRight(passwords, 'U*U*', known), false);
  for (const hash of ['', 'x', '$2a$', `$9z$05$${'a'.repeat(53)}`]) {
    assert.equal(await isRight(passwords, 'U*U', hash), false);
  }
  passwords.close();
});

test('too much at once is refused, and closing lets go of what waits', async () => {
  const passwords = new BcryptPasswords({ cost: 12 });
  const waiting = Array.from({ length: 100 }, () => hashed(passwords, 'x'));
  assert.equal(await hashed(passwords, 'x'), null);
  passwords.close();
  const ended = await Promise.all(waiting);
  assert.ok(ended.every((hash) => hash === null));
});
