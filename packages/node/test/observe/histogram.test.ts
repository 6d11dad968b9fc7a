import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { createHistogram } from '../../src/observe/histogram.ts';

const named = { name: 'x_seconds', help: 'Time, of what kind.' };
const bounds = fc.uniqueArray(fc.double({ min: -5, max: 5, noNaN: true }), { maxLength: 6 });
const values = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { maxLength: 40 });

test('a histogram says what prom-client says, with labels and without', async () => {
  await fc.assert(
    fc.asyncProperty(bounds, values, fc.boolean(), async (drawn, observed, isLabelled) => {
      const buckets = [...drawn].sort((a, b) => a - b);
      const labelNames = isLabelled ? ['group', 'kind'] : [];
      const [own, reference] = [new Registry(), new Registry()];
      const ours = createHistogram(own, { ...named, buckets, labels: labelNames });
      const theirs = new Histogram({ ...named, buckets, labelNames, registers: [reference] });
      for (const [at, value] of observed.entries()) {
        const labels = { group: `g${at % 3}`, kind: at % 2 === 0 ? 'even' : 'odd' };
        if (isLabelled) {
          ours.observe(value, labels);
          theirs.labels(labels).observe(value);
        } else {
          ours.observe(value);
          theirs.observe(value);
        }
      }
      assert.equal(await own.metrics(), await reference.metrics());
    }),
    { numRuns: 200 },
  );
});
