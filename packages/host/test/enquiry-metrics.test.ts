import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address, Labels, Metrics } from '@quorate/base';
import type { EnquiryDone } from '@quorate/transport';
import { createEnquiryMetrics } from '../src/enquiries/enquiry-metrics.ts';
import { encodeAnswer, encodeRequest } from '../src/enquiries/messages.ts';
import { encodeReachAnswer, encodeReachRequest } from '../src/enquiries/reach-messages.ts';
import { encodeFeedAnswer, encodeFeedRequest } from '../src/feed/feed-messages.ts';

const address: Address = { host: 'node1', port: 7000 };
const timeoutMs = 100;

function createCounts() {
  const counts = new Map<string, number>();
  const counter = ({ name }: { readonly name: string }) => ({
    add: (amount: number, labels: Labels = {}) => {
      const key = `${name.replace('quorate_enquiry_', '')} ${Object.values(labels).join(' ')}`;
      counts.set(key, (counts.get(key) ?? 0) + amount);
    },
  });
  const nothing = (): void => undefined;
  const metrics: Metrics = {
    counter,
    gauge: () => ({ set: nothing }),
    histogram: () => ({ observe: nothing }),
  };
  return { counts, metrics };
}

/** What is asked is answered by the test, at the time it says. */
function createAsking() {
  const { counts, metrics } = createCounts();
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, wallMicros: () => 0 };
  let pending: EnquiryDone = () => undefined;
  const enquiries = createEnquiryMetrics(metrics, clock);
  const { ask } = enquiries.asking({
    ask: (_address, _request, _timeoutMs, done) => {
      pending = done;
    },
  });
  const asked = (request: Uint8Array, answer: Uint8Array | null, afterMs: number): void => {
    let calls = 0;
    ask(address, request, timeoutMs, () => {
      calls += 1;
    });
    nowMs += afterMs;
    pending(answer === null ? new Error('no answer') : null, answer);
    assert.equal(calls, 1);
  };
  return { counts, asked, enquiries };
}

const propose = encodeReachRequest({
  kind: 'propose',
  group: 1,
  durability: null,
  command: new Uint8Array(20),
});
const applied = encodeReachAnswer({
  kind: 'applied',
  leader: 1,
  index: 7,
  result: new Uint8Array(3),
});
const describeAll = encodeRequest({ kind: 'describe' });
const refused = encodeAnswer({
  kind: 'refused',
  code: 'GROUP_UNKNOWN',
  message: '',
  reason: '',
  leader: 0,
  leaderAddress: '',
});

describe('what is counted of enquiries', () => {
  it('is every question by kind and outcome, with its bytes', () => {
    const { counts, asked } = createAsking();
    asked(propose, applied, 1);
    asked(propose, encodeReachAnswer({ kind: 'elsewhere', leader: 0 }), 1);
    asked(propose, null, timeoutMs);
    asked(propose, null, 1);
    asked(describeAll, refused, 1);
    const barrier = encodeFeedRequest({ kind: 'barrier', group: 1, maxStalenessMs: 0 });
    asked(barrier, encodeFeedAnswer({ kind: 'barrier', index: 3 }), 1);
    asked(barrier, encodeFeedAnswer({ kind: 'refused', reason: 'no' }), 1);
    for (const outcome of ['answered', 'refused', 'timeout', 'failed']) {
      assert.equal(counts.get(`asked_total propose ${outcome}`), 1, outcome);
    }
    assert.equal(counts.get('asked_total describe refused'), 1);
    assert.equal(counts.get('asked_total feedBarrier answered'), 1);
    assert.equal(counts.get('asked_total feedBarrier refused'), 1);
    assert.equal(counts.get('sent_bytes_total propose'), 4 * propose.length);
    assert.equal(counts.get('received_bytes_total propose'), applied.length + 2);
  });

  it('is every answer given, and no name that only the asker knows', () => {
    const { counts, enquiries } = createAsking();
    const handle = enquiries.serving((request, answer) => {
      answer(request === propose ? applied : refused);
    });
    let answers = 0;
    const count = (): void => {
      answers += 1;
    };
    const strange = new TextEncoder().encode('{"kind":"nonsense"}');
    for (const request of [propose, strange, new Uint8Array(0), Uint8Array.of(255, 0, 123)]) {
      handle(request, count);
    }
    assert.equal(answers, 4);
    assert.equal(counts.get('served_total propose answered'), 1);
    assert.equal(counts.get('served_total unknown refused'), 3);
    assert.equal(counts.get('sent_bytes_total propose'), applied.length);
    assert.equal(counts.get('received_bytes_total unknown'), strange.length + 3);
  });
});
