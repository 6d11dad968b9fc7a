import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clusterIdOf, groupIdOf, memberIdOf } from '../src/ids.ts';

test('ids are permanent: these were given to clusters that exist', () => {
  assert.equal(memberIdOf('token', 'n1'), 2068089969497371);
  assert.equal(clusterIdOf('token', [1, 2, 3]), 'bf1c7e82fc0c3e0d');
  assert.equal(groupIdOf('kv'), 329239399);
});

test('member ids are safe integers and never 0, group ids fit 31 bits', () => {
  const property = fc.property(fc.string(), fc.string(), (token, name) => {
    const member = memberIdOf(token, name);
    assert.ok(Number.isSafeInteger(member) && member > 0 && member < 2 ** 52);
    const group = groupIdOf(name);
    assert.ok(Number.isInteger(group) && group > 0 && group < 2 ** 31);
  });
  fc.assert(property);
});

test('the cluster id depends on token and members, not on their order', () => {
  assert.match(clusterIdOf('t', [1, 2]), /^[0-9a-f]{16}$/);
  assert.equal(clusterIdOf('t', [1, 20, 3]), clusterIdOf('t', new Set([20, 3, 1])));
  assert.notEqual(clusterIdOf('t', [1, 2]), clusterIdOf('u', [1, 2]));
  assert.notEqual(clusterIdOf('t', [1, 2]), clusterIdOf('t', [1, 2, 3]));
  assert.notEqual(clusterIdOf('t', [1, 23]), clusterIdOf('t', [12, 3]));
});

test('parts that only look alike when joined give different ids', () => {
  assert.notEqual(memberIdOf('ab', 'c'), memberIdOf('a', 'bc'));
});
