import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupStatus } from '@quorate/runtime';
import { gatedStream } from '../../src/core/gated-stream.ts';
import type { StreamListener } from '../../src/core/method.ts';
import { StartGate } from '../../src/core/start-gate.ts';
import { ManualTime } from './manual-time.ts';

const tuning = { electionTimeoutMs: 1000, maxClockDrift: null };

function gateOf(time: ManualTime, begin: Partial<GroupStatus>) {
  const status = { lastIndex: 10, appliedIndex: 8, leader: 0, ...begin };
  const listeners: ((status: GroupStatus) => void)[] = [];
  const group = {
    status: () => status as GroupStatus,
    onLeadership: (listener: (status: GroupStatus) => void) => void listeners.push(listener),
  } as ConstructorParameters<typeof StartGate>[0]['group'];
  const gate = new StartGate({ group, tuning, timers: time.timers, clock: time.clock });
  const become = (change: Partial<GroupStatus>): void => {
    Object.assign(status, change);
    for (const listener of listeners) listener(status as GroupStatus);
  };
  return { gate, status, become };
}

test('the gate is open at once where all is applied and a leader is known', () => {
  const time = new ManualTime();
  assert.equal(gateOf(time, { appliedIndex: 10, leader: 2 }).gate.isOpen, true);
  assert.equal(time.appointments, 0, 'nothing looks again');
});

test('it opens when the log of the start is applied, whatever has come since', async () => {
  const time = new ManualTime();
  const { gate, status, become } = gateOf(time, {});
  const heard: unknown[] = [];
  gate.whenOpen((refusal) => heard.push(refusal));
  become({ leader: 2, lastIndex: 30, appliedIndex: 9 });
  await time.advance(100);
  assert.deepEqual(heard, []);
  Object.assign(status, { appliedIndex: 10 });
  await time.advance(10);
  assert.deepEqual(heard, [null]);
  assert.equal(gate.isOpen, true);
});

test('what a leader cuts off is not waited for', async () => {
  const time = new ManualTime();
  const { gate, become } = gateOf(time, {});
  become({ leader: 2, lastIndex: 9, appliedIndex: 8 });
  assert.equal(gate.isOpen, false);
  become({ appliedIndex: 9 });
  assert.equal(gate.isOpen, true);
});

test('without a leader it opens after a while where all is applied, and else refuses', async () => {
  const time = new ManualTime();
  const { gate } = gateOf(time, { appliedIndex: 10 });
  assert.equal(gate.isOpen, false);
  await time.advance(5010);
  assert.equal(gate.isOpen, true);

  const behind = gateOf(time, {});
  const heard: unknown[] = [];
  behind.gate.whenOpen((refusal) => heard.push(String(refusal?.message)));
  await time.advance(4900);
  assert.equal(heard.length, 0);
  await time.advance(200);
  assert.deepEqual(heard, ['etcdserver: no leader']);
  behind.gate.whenOpen((refusal) => heard.push(String(refusal?.message)));
  behind.gate.stop();
  assert.deepEqual(heard.at(-1), 'etcdserver: server stopped');
});

test('a stream says nothing before it is open, and loses nothing', () => {
  const time = new ManualTime();
  const { gate, become } = gateOf(time, {});
  const heard: string[] = [];
  const begun: StreamListener = {
    message: (request) => heard.push(String(request)),
    halfClosed: () => heard.push('half closed'),
    drained: () => undefined,
    closed: () => heard.push('closed'),
  };
  const stream = gatedStream(
    gate,
    () => begun,
    () => assert.fail('not refused'),
  );
  const reused = Uint8Array.of(1);
  stream.message(reused);
  reused[0] = 9;
  stream.message(Uint8Array.of(2));
  stream.halfClosed();
  const gone = gatedStream(
    gate,
    () => assert.fail('its client has gone'),
    () => undefined,
  );
  gone.closed();
  assert.deepEqual(heard, []);
  become({ leader: 1, appliedIndex: 10 });
  assert.deepEqual(heard, ['1', '2', 'half closed']);
  stream.closed();
  assert.deepEqual(heard.at(-1), 'closed');
});

test('a stream that says too much before it is open is refused', () => {
  const time = new ManualTime();
  const { gate, become } = gateOf(time, {});
  const refused: string[] = [];
  const stream = gatedStream(
    gate,
    () => assert.fail('refused'),
    ({ message }) => refused.push(message),
  );
  for (let n = 0; n < 4; n++) stream.message(new Uint8Array(1024 * 1024));
  assert.deepEqual(refused, ['etcdserver: too many requests']);
  become({ leader: 1, appliedIndex: 10 });
});
