import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Effects } from '@quorate/raft';
import type { RaftView } from '@quorate/runtime';
import { type Entry, EntryKind } from '@quorate/schema';
import { withTrace } from '../../src/core/command-trace.ts';
import type { CallContext, EtcdService, RpcError } from '../../src/core/index.ts';
import { LogTracer } from '../../src/tracing/log-tracer.ts';
import { contextOfTraceparent } from '../../src/tracing/trace-context.ts';
import { tracedUnary } from '../../src/tracing/traced-calls.ts';
import { unaryHandlers } from '../../src/tracing/unary-handlers.ts';
import { RecordingTracer } from './recording-tracer.ts';

const traceId = 'a'.repeat(32);
const spanId = 'b'.repeat(16);

describe('what a client says it is part of', () => {
  it('is taken as W3C Trace Context has it', () => {
    for (const flags of ['00', '01']) {
      const context = contextOfTraceparent(`00-${traceId}-${spanId}-${flags}`);
      assert.deepEqual(trace.getSpanContext(context), {
        traceId,
        spanId,
        traceFlags: Number(flags),
        isRemote: true,
      });
    }
    const later = contextOfTraceparent(`cc-${traceId}-${spanId}-01-what-comes-later`);
    assert.equal(trace.getSpanContext(later)?.traceId, traceId);
  });

  it('is nothing where it makes no sense', () => {
    const wrong = [
      undefined,
      '',
      'x'.repeat(10_000),
      `00-${traceId}-${spanId}`,
      `00-${traceId}-${spanId}-01-more`,
      `ff-${traceId}-${spanId}-01`,
      `00-${'0'.repeat(32)}-${spanId}-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
    ];
    for (const text of wrong) assert.equal(contextOfTraceparent(text), ROOT_CONTEXT);
  });
});

const call: CallContext = { requireLeader: false, token: '', commonName: '' };
const nothing = new Uint8Array();

describe('a call', () => {
  const path = '/etcdserverpb.KV/Put';

  it('has a span from its request to its answer, and takes it along', () => {
    const recording = new RecordingTracer();
    const waiting: ((error: RpcError | null, answer: Uint8Array | null) => void)[] = [];
    const seen: CallContext[] = [];
    const handler = tracedUnary(
      path,
      (_request, context, done) => {
        seen.push(context);
        waiting.push(done);
      },
      recording.tracer,
    );
    const answers: (RpcError | null)[] = [];
    const traceparent = `00-${traceId}-${spanId}-01`;
    handler(nothing, { ...call, traceparent }, (error) => answers.push(error));
    handler(nothing, call, (error) => answers.push(error));
    assert.deepEqual(recording.open, ['etcdserverpb.KV/Put', 'etcdserverpb.KV/Put']);
    waiting[0]?.(null, nothing);
    const refusal: RpcError = { code: 8, message: 'too much' };
    waiting[1]?.(refusal, null);
    assert.deepEqual(answers, [null, refusal]);
    assert.deepEqual(
      recording.spans.map(({ parent, failure, attributes }) => [
        parent,
        failure,
        attributes['rpc.grpc.status_code'],
      ]),
      [
        [spanId, null, 0],
        ['', 'too much', 8],
      ],
    );
    assert.deepEqual(recording.open, []);
    assert.equal(
      Buffer.from(seen[0]?.trace ?? []).toString('hex'),
      '1'.repeat(32) + '2'.repeat(16),
    );
  });

  it('that is not sampled leaves nothing in the log', () => {
    const recording = new RecordingTracer();
    recording.isRecording = false;
    const seen: CallContext[] = [];
    const handler = tracedUnary(path, (_request, context) => seen.push(context), recording.tracer);
    handler(nothing, call, () => undefined);
    assert.equal(seen[0], call);
  });

  it('is the very same function where nothing is traced', () => {
    const own = (): void => undefined;
    const service = { unary: () => own } as unknown as EtcdService;
    assert.equal(unaryHandlers(service, undefined)(path), own);
  });
});

function entry(index: number, term: number, isTraced = true): Entry {
  const context = isTraced ? Uint8Array.from({ length: 24 }, () => 0xbb) : undefined;
  const data = withTrace(Uint8Array.of(1, 2, 3), context, 100);
  return { index, term, kind: EntryKind.command, timestampMicros: 0, data } as Entry;
}

function turn(role: string, written: readonly Entry[], committed: readonly Entry[] = []) {
  const write = { entries: written } as unknown as Effects['write'];
  const raft = { nodeId: 1, role } as unknown as RaftView;
  return [1, raft, { write, committed } as unknown as Effects] as const;
}

describe('an entry in the log', () => {
  it('is followed from its append to its commitment and its application', () => {
    const recording = new RecordingTracer();
    const log = new LogTracer(recording.tracer);
    const entries = [entry(5, 2), entry(6, 2, false)];
    log.turned(...turn('leader', entries));
    assert.deepEqual(recording.open, ['quorate.append', 'quorate.replicate']);
    log.persisted(1, entries);
    assert.deepEqual(recording.open, ['quorate.replicate']);
    log.turned(...turn('leader', [], entries));
    assert.deepEqual(recording.open, []);
    log.applied(1, entries, 0.001);
    const names = recording.spans.map(({ name }) => name);
    assert.deepEqual(names, ['quorate.append', 'quorate.replicate', 'quorate.apply']);
    for (const { parent, attributes } of recording.spans) {
      assert.equal(parent, spanId);
      assert.deepEqual([attributes['quorate.term'], attributes['quorate.index']], [2, 5]);
    }
  });

  it('ends its spans when another takes its place', () => {
    const recording = new RecordingTracer();
    const log = new LogTracer(recording.tracer);
    log.turned(...turn('leader', [entry(5, 2), entry(6, 2)]));
    log.turned(...turn('follower', [entry(5, 3)]));
    log.persisted(1, [entry(5, 2)]);
    assert.deepEqual(recording.open, ['quorate.append', 'quorate.replicate', 'quorate.append']);
    log.applied(1, [entry(5, 3), entry(6, 3, false), entry(7, 3, false)], 0);
    assert.deepEqual(recording.open, []);
  });

  it('is followed only so far as there is room', () => {
    const recording = new RecordingTracer();
    const log = new LogTracer(recording.tracer);
    const many = Array.from({ length: 5000 }, (_, i) => entry(i + 1, 1));
    log.turned(...turn('follower', many));
    assert.equal(recording.open.length, 4096);
    log.applied(1, many, 0);
    assert.deepEqual(recording.open, []);
  });
});
