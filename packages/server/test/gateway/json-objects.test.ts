import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonObjects } from '../../src/gateway/json-objects.ts';

test('objects are found wherever the body is cut', () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 4 });
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(objects, cuts, (values, sizes) => {
      const body = Buffer.from(values.map((one) => JSON.stringify(one)).join(' \n'));
      const found: string[] = [];
      const reader = new JsonObjects(10_000);
      for (let at = 0, cut = 0; at < body.length; cut++) {
        const size = sizes[cut % sizes.length] as number;
        const problem = reader.push(body.subarray(at, at + size), (text) => found.push(text));
        assert.equal(problem, null);
        at += size;
      }
      assert.equal(reader.isInside, false);
      assert.deepEqual(
        found,
        values.map((one) => JSON.stringify(one)),
      );
    }),
  );
});

test('what is no object, and what is too large, ends it', () => {
  const push = (text: string) => {
    const reader = new JsonObjects(10);
    const problem = reader.push(Buffer.from(text), () => undefined);
    return { problem, isInside: reader.isInside };
  };
  assert.deepEqual(push('[1]'), { problem: 'noObject', isInside: false });
  assert.deepEqual(push('}'), { problem: 'noObject', isInside: false });
  assert.deepEqual(push('{"a":"0123456789"}').problem, 'tooLarge');
  assert.deepEqual(push('{"a":"01234567').problem, 'tooLarge');
  assert.deepEqual(push('{"a"'), { problem: null, isInside: true });
});
