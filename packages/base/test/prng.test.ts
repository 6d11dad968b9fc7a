import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AssertionFailed, Prng } from '../src/index.ts';

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** sfc32 again, in integers that cannot overflow. */
function* reference(seed: number): Generator<number, never> {
  const mask = 0xffff_ffffn;
  let a = BigInt(seed) & mask;
  let b = (BigInt(seed) >> 32n) & mask;
  let c = 0x9e37_79b9n;
  let counter = 1n;
  for (let drawn = 0; ; drawn++) {
    const result = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) & mask) | (c >> 11n)) + result) & mask;
    if (drawn >= 16) yield Number(result);
  }
}

describe('the source of randomness', () => {
  it('is sfc32', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const prng = new Prng(seed);
        const expected = reference(seed);
        for (let i = 0; i < 50; i++) assert.equal(prng.uint32(), expected.next().value);
      }),
    );
  });

  it('gives these numbers, on every machine and in every version', () => {
    const draw = (seed: number): number[] => {
      const prng = new Prng(seed);
      return Array.from({ length: 4 }, () => prng.uint32());
    };
    assert.deepEqual(draw(0), [1743954244, 207519241, 3716241083, 193275849]);
    assert.deepEqual(draw(1), [1950625580, 354034397, 661219729, 2802375379]);
    assert.deepEqual(draw(Number.MAX_SAFE_INTEGER), [125566104, 1993914836, 1881733290, 131047652]);
  });

  it('takes seeds that are safe integers, and no others', () => {
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => new Prng(seed), AssertionFailed, `${seed}`);
    }
  });

  it('gives unrelated numbers for seeds that differ in one bit', () => {
    for (let bit = 0; bit < 53; bit++) {
      const one = new Prng(12_345);
      const other = new Prng(Number(BigInt(12_345) ^ (1n << BigInt(bit))));
      let differing = 0;
      for (let i = 0; i < 32; i++) {
        let bits = one.uint32() ^ other.uint32();
        for (; bits !== 0; bits &= bits - 1) differing++;
      }
      // Of 1024 bits half differ; 5 standard deviations are 80.
      assert.ok(Math.abs(differing - 512) < 80, `bit ${bit}: ${differing} of 1024 differ`);
    }
  });
});

describe('what is drawn', () => {
  it('lies in its range', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 40 }), (seed, bound) => {
        const prng = new Prng(seed);
        const float = prng.float();
        assert.ok(float >= 0 && float < 1);
        const below = prng.below(bound);
        assert.ok(Number.isSafeInteger(below) && below >= 0 && below < bound);
        const between = prng.between(-bound, bound);
        assert.ok(Number.isSafeInteger(between) && between >= -bound && between <= bound);
        assert.equal(prng.between(7, 7), 7);
        assert.equal(prng.below(1), 0);
      }),
    );
  });

  it('is spread evenly', () => {
    const prng = new Prng(99);
    const counts = new Array<number>(16).fill(0);
    const draws = 64_000;
    for (let i = 0; i < draws; i++) {
      const at = prng.below(16);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    let chiSquare = 0;
    for (const count of counts) chiSquare += (count - draws / 16) ** 2 / (draws / 16);
    // 15 degrees of freedom: above 44 one time in ten thousand.
    assert.ok(chiSquare < 44, `${chiSquare}`);
  });

  it('uses all 53 bits of a float', () => {
    const prng = new Prng(5);
    let low = 0;
    for (let i = 0; i < 1000; i++) low += (prng.float() * 2 ** 53) % 2;
    assert.ok(low > 400 && low < 600, `${low}`);
  });

  it('happens as often as its probability says', () => {
    const prng = new Prng(6);
    let happened = 0;
    for (let i = 0; i < 10_000; i++) if (prng.chance(0.2)) happened++;
    assert.ok(happened > 1800 && happened < 2200, `${happened}`);
    for (let i = 0; i < 100; i++) {
      assert.equal(prng.chance(0), false);
      assert.equal(prng.chance(1), true);
    }
  });

  it('picks what is there, and nothing from nothing', () => {
    const prng = new Prng(7);
    const seen = new Set(Array.from({ length: 200 }, () => prng.pick(['a', 'b', 'c'])));
    assert.deepEqual([...seen].sort(), ['a', 'b', 'c']);
    assert.throws(() => prng.pick([]), AssertionFailed);
  });

  it('shuffles without losing or changing anything, into every order alike', () => {
    const prng = new Prng(8);
    const items = [1, 2, 3];
    const orders = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = prng.shuffle(items).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    assert.deepEqual(items, [1, 2, 3]);
    assert.equal(orders.size, 6);
    for (const [order, count] of orders) assert.ok(Math.abs(count - 1000) < 150, order);
    assert.deepEqual(prng.shuffle([]), []);
  });
});

describe('a fork', () => {
  it('gives what its parent does not, and does not change with what its parent draws', () => {
    const parent = new Prng(11);
    const fork = parent.fork();
    const twin = new Prng(11);
    const sameFork = twin.fork();
    for (let i = 0; i < 100; i++) parent.uint32();
    const drawn = Array.from({ length: 100 }, () => fork.uint32());
    assert.deepEqual(
      Array.from({ length: 100 }, () => sameFork.uint32()),
      drawn,
    );
    const twins = new Set(Array.from({ length: 100 }, () => twin.uint32()));
    assert.ok(drawn.filter((value) => twins.has(value)).length <= 1);
  });

  it('differs from the next fork', () => {
    const parent = new Prng(12);
    assert.notEqual(parent.fork().uint32(), parent.fork().uint32());
  });
});
