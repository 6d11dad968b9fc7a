import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/observe/metrics.ts';
import { processMetricsText, startProcessMetrics } from '../../src/observe/process-metrics.ts';

test('counters, gauges and histograms appear in the text with their labels', async () => {
  const metrics = createMetrics();
  const sent = metrics.counter({ name: 'x_sent_total', help: 'Sent.', labels: ['type', 'peer'] });
  sent.add(2, { type: 'a', peer: '1' });
  sent.add(3, { peer: '1', type: 'a' });
  sent.add(1, { type: 'b', peer: '1' });
  metrics.counter({ name: 'x_plain_total', help: 'Plain.' }).add(4);
  const term = metrics.gauge({ name: 'x_term', help: 'Term.', labels: ['group'] });
  term.set(5, { group: 'g' });
  term.set(4, { group: 'g' });
  metrics.gauge({ name: 'x_plain', help: 'Plain.' });
  const buckets = [0.1, 1];
  const plain = metrics.histogram({ name: 'x_seconds', help: 'Time.', buckets });
  plain.observe(0.5);
  const labels = ['kind'];
  const kinds = metrics.histogram({ name: 'x_kind_seconds', help: 'Time.', buckets, labels });
  kinds.observe(0.05, { kind: 'k' });
  const text = await metrics.text();
  assert.equal(await metrics.text(), text, 'reading changes nothing');
  const lines = text.split('\n');
  for (const expected of [
    '# TYPE x_sent_total counter',
    'x_sent_total{type="a",peer="1"} 5',
    'x_sent_total{type="b",peer="1"} 1',
    'x_plain_total 4',
    'x_term{group="g"} 4',
    'x_plain 0',
    'x_seconds_bucket{le="0.1"} 0',
    'x_seconds_bucket{le="1"} 1',
    'x_seconds_count 1',
    'x_kind_seconds_bucket{le="0.1",kind="k"} 1',
  ]) {
    assert.ok(lines.includes(expected), `${expected} in\n${text}`);
  }
});

test('asking twice for one name gives the same metric', async () => {
  const metrics = createMetrics();
  const options = { name: 'x_total', help: 'X.', labels: ['a'] };
  const first = metrics.counter(options);
  assert.equal(metrics.counter({ ...options }), first);
  assert.throws(() => metrics.gauge(options), /declared the same way/);
  assert.throws(() => metrics.counter({ name: 'x_total', help: 'X.' }), /declared the same way/);
});

test('a metric refuses labels it was not declared with', () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: 'x_total', help: 'X.', labels: ['a', 'b'] });
  assert.throws(() => counter.add(1, { a: '1' }), /labels it was declared with \(a, b\)/);
  assert.throws(() => counter.add(1, { a: '1', c: '1' }), /declared with/);
  assert.throws(() => counter.add(-1, { a: '1', b: '1' }), /only rises/);
});

test('two nodes of a process do not mix', async () => {
  const one = createMetrics();
  const two = createMetrics();
  one.counter({ name: 'x_total', help: 'X.' }).add(1);
  two.counter({ name: 'x_total', help: 'X.' }).add(2);
  assert.match(await one.text(), /^x_total 1$/m);
  assert.match(await two.text(), /^x_total 2$/m);
});

test('the process tells its memory and how late its event loop was', async () => {
  startProcessMetrics();
  const text = await processMetricsText();
  assert.match(text, /^process_resident_memory_bytes [1-9]\d*$/m);
  for (const quantile of ['0.5', '0.9', '0.99', '1']) {
    const line = new RegExp(
      `^quorate_event_loop_delay_seconds{quantile="${quantile}"} [\\d.e-]+$`,
      'm',
    );
    assert.match(text, line);
  }
  assert.doesNotMatch(text, /nodejs_eventloop_lag/);
});
