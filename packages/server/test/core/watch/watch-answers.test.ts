import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present } from '@quorate/base';
import { encodeCommand, KvStateMachine } from '@quorate/kv';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import fc from 'fast-check';
import { encodeEvent } from '../../../src/core/watch/event-encoder.ts';
import { encodeWatchId, WatchAnswers } from '../../../src/core/watch/watch-answers.ts';
import { text } from '../called-service.ts';

const identity = { clusterId: 0xfedc_ba98_7654_3210n, memberId: 5n };

function eventsOf(values: readonly (Uint8Array | null)[], withPrevious: boolean): Uint8Array[] {
  const machine = new KvStateMachine();
  const key = text('key');
  const flags = { lease: 0n, prevKv: false, ignoreValue: false, ignoreLease: false };
  for (const value of values) {
    const command = encodeCommand(
      value === null
        ? { kind: 'deleteRange', key, rangeEnd: new Uint8Array(0), prevKv: false }
        : { kind: 'put', key, value, ...flags },
    );
    machine.apply([{ index: 1, term: 1, timestampMicros: 1, command }]);
  }
  const events: Uint8Array[] = [];
  machine.changes.scan(1, (change) => {
    events.push(encodeEvent(change, withPrevious));
    return true;
  });
  return events;
}

function decoded(bytes: Uint8Array): etcd.WatchResponse {
  return present(decodeMessage(etcd.WatchResponse, bytes), 'an answer is well-formed');
}

test('an answer put together from pieces is what the codec writes', () => {
  const values = fc.array(fc.option(fc.uint8Array({ maxLength: 300 })), { minLength: 1 });
  const watchId = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const run = fc.property(values, watchId, fc.boolean(), fc.nat(), (list, id, previous, term) => {
    const events = eventsOf([new Uint8Array(1), ...list], previous);
    const head = { watchId: encodeWatchId(id), revision: 7, raftTerm: term };
    const bytes = new WatchAnswers(identity).events(head, events);
    assert.deepEqual(
      new Uint8Array(bytes),
      new Uint8Array(encodeMessage(etcd.WatchResponse, decoded(bytes))),
    );
    const { header, watchId: told, events: found } = decoded(bytes);
    assert.deepEqual(header, { ...identity, revision: 7, raftTerm: term });
    assert.deepEqual([told, found.length], [id, events.length]);
  });
  fc.assert(run, { numRuns: 200 });
});

test('readers that are told the same under one id get the same bytes', () => {
  const answers = new WatchAnswers(identity);
  const events = eventsOf([text('1'), text('2')], false);
  const head = { watchId: encodeWatchId(0n), revision: 3, raftTerm: 1 };
  const first = answers.events({ ...head }, [...events]);
  assert.equal(answers.events({ ...head }, [...events]), first);
  for (const other of [{ watchId: encodeWatchId(1n) }, { revision: 4 }, { raftTerm: 2 }]) {
    const bytes = answers.events({ ...head, ...other }, events);
    assert.notDeepEqual(bytes, first);
  }
  assert.deepEqual(answers.events(head, events), first);
  assert.notDeepEqual(answers.events(head, events.slice(1)), first);
});

test('fragments stay below the limit, keep the order, and all but the last say so', () => {
  const values = fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1, maxLength: 12 });
  const run = fc.property(values, fc.integer({ min: 50, max: 400 }), (list, most) => {
    const events = eventsOf(list, false);
    const head = { watchId: encodeWatchId(1n), revision: 20, raftTerm: 2 };
    const parts = new WatchAnswers(identity).fragments(head, events, most);
    const answers = parts.map(decoded);
    assert.deepEqual(
      answers.map(({ fragment }) => fragment),
      answers.map((_, at) => at < answers.length - 1),
    );
    const revisions = answers.flatMap((one) => one.events.map(({ kv }) => kv?.modRevision));
    assert.deepEqual(
      revisions,
      events.map((_, at) => at + 2),
    );
    parts.forEach((part, at) => {
      assert.ok(part.length < most || answers[at]?.events.length === 1);
      const [next] = answers[at + 1]?.events ?? [];
      if (next === undefined) return;
      const grown = { ...answers[at], events: [...(answers[at]?.events ?? []), next] };
      const bytes = encodeMessage(etcd.WatchResponse, { ...grown, fragment: true });
      assert.ok(bytes.length >= most, 'an answer is split where it must be, and not before');
    });
  });
  fc.assert(run, { numRuns: 300 });
});
