import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedLimit } from '../../src/limits/shared-limit.ts';

const nothing = (): void => undefined;

test('below three quarters nobody is refused, whatever it has', () => {
  const limit = new SharedLimit(100, nothing);
  const share = limit.open('a', nothing);
  share.set(74);
  assert.equal(share.refuse(), false);
  share.set(75);
  assert.equal(share.refuse(), true);
  assert.equal(limit.refusals, 1);
});

test('a host with many connections is refused, one with few is not', () => {
  const limit = new SharedLimit(100, nothing);
  const many = Array.from({ length: 80 }, () => limit.open('many', nothing));
  for (const share of many) share.set(1);
  const few = limit.open('few', nothing);
  assert.equal(few.refuse(), false);
  few.set(10);
  assert.equal(few.refuse(), false);
  assert.ok(many.every((share) => share.refuse()));
});

test('of the connections of one host, those are refused that have most', () => {
  const limit = new SharedLimit(100, nothing);
  const [large, small] = [limit.open('proxy', nothing), limit.open('proxy', nothing)];
  large.set(70);
  small.set(10);
  assert.equal(small.refuse(), false);
  assert.equal(large.refuse(), true);
});

test('where nobody is cut, nobody gets more once it is full', () => {
  const limit = new SharedLimit(100);
  limit.open('a', nothing).set(100);
  assert.equal(limit.open('b', nothing).refuse(), true);
});

test('when it is too much, the greatest of the greatest host goes, once', () => {
  let overfull = 0;
  const cut: string[] = [];
  const limit = new SharedLimit(100, () => overfull++);
  const open = (host: string, name: string) => limit.open(host, () => cut.push(name));
  const victim = open('victim', 'victim');
  victim.set(30);
  const attackers = ['x', 'y', 'z'].map((name) => open('attacker', name));
  for (const [at, share] of attackers.entries()) share.set(25 + at);
  assert.equal(overfull, 1);
  limit.relieve();
  assert.deepEqual(cut, ['z']);
  assert.equal(limit.amount, 81);
  assert.equal(limit.cuts, 1);
  attackers[2]?.set(50);
  assert.equal(limit.amount, 81, 'what is cut holds nothing any more');
  victim.set(60);
  assert.equal(overfull, 2);
  limit.relieve();
  assert.deepEqual(cut, ['z', 'victim']);
});

test('whatever is set and closed, the sum is that of what is held', () => {
  const step = fc.record({
    share: fc.nat(9),
    amount: fc.nat(40),
    close: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limit = new SharedLimit(100, nothing);
      const shares = Array.from({ length: 10 }, (_, at) => limit.open(`h${at % 3}`, nothing));
      for (const { share, amount, close } of steps) {
        if (close && amount % 5 === 0) shares[share]?.close();
        else shares[share]?.set(amount);
        limit.relieve();
        const sum = shares.reduce((all, one) => all + one.amount, 0);
        assert.equal(limit.amount, sum);
        assert.ok(sum <= 100);
      }
      for (const share of shares) share.close();
      assert.equal(limit.amount, 0);
    }),
  );
});
