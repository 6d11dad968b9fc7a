import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@quorate/base';
import fc from 'fast-check';
import { OutgoingBytes } from '../../../src/network/http/outgoing-bytes.ts';

test('what is not acknowledged can be read from any offset, as a plain array would give it', () => {
  const push = fc.record({ push: fc.uint8Array({ maxLength: 20 }) });
  const acknowledge = fc.record({ acknowledge: fc.nat(30) });
  const steps = fc.array(fc.oneof(push, acknowledge), { maxLength: 300 });
  fc.assert(
    fc.property(steps, fc.nat(40), fc.nat(40), (all, skip, maxBytes) => {
      const bytes = new OutgoingBytes();
      let model: Uint8Array = new Uint8Array();
      let start = 0;
      for (const step of all) {
        if ('push' in step) {
          bytes.push(step.push);
          model = concatBytes([model, step.push]);
        } else {
          const offset = start + step.acknowledge - 5;
          assert.equal(bytes.acknowledge(offset), offset <= model.length);
          if (offset <= model.length) start = Math.max(start, offset);
        }
        assert.deepEqual([bytes.start, bytes.end], [start, model.length]);
      }
      const from = Math.min(model.length, start + skip);
      const read = concatBytes(bytes.read(from, maxBytes));
      assert.deepEqual(read, model.slice(from, from + maxBytes));
      bytes.clear();
      assert.deepEqual([bytes.length, bytes.read(model.length, 9)], [0, []]);
    }),
    { numRuns: 200 },
  );
});
