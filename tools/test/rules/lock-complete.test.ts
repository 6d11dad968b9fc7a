import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeLock, missingOptional } from '../../tidy/complete-lock.ts';
import { lockCompleteRule } from '../../tidy/rules/lock-complete.ts';
import { complaints } from '../planted-tree.ts';

const packages = {
  'node_modules/tool': {
    version: '1.2.3',
    dev: true,
    optionalDependencies: { '@tool/darwin-arm64': '1.2.3', '@tool/linux-x64-musl': '1.2.3' },
  },
};

test('an optional package that the lock leaves out is a problem', (t) => {
  const found = complaints(t, lockCompleteRule, {
    'package-lock.json': JSON.stringify({ packages }),
  });
  assert.equal(found.length, 1);
});

test('a completed lock names each with what it is for, and is left alone', (t) => {
  const completed = completeLock({ packages });
  assert.deepEqual(completed.packages['node_modules/@tool/linux-x64-musl'], {
    version: '1.2.3',
    cpu: ['x64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  });
  assert.deepEqual(missingOptional(completed), []);
  const found = complaints(t, lockCompleteRule, {
    'package-lock.json': JSON.stringify(completed),
  });
  assert.deepEqual(found, []);
});

test('a name that does not say its platform is refused, not guessed', () => {
  const lock = { packages: { 'node_modules/a': { optionalDependencies: { 'a-fast': '1.0.0' } } } };
  assert.throws(() => completeLock(lock), /a-fast does not say/);
});
