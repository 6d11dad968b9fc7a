import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { ConnectionLimit, usualConnections } from '../../src/limits/connection-limit.ts';

function socketFrom(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
}

test('connections are let in up to the limit, and again when one has closed', () => {
  const limit = new ConnectionLimit(2);
  const [first, second, third] = ['a', 'b', 'c'].map(socketFrom) as [Socket, Socket, Socket];
  assert.equal(limit.enter(first), null);
  assert.equal(limit.enter(second), null);
  assert.match(limit.enter(third) ?? '', /^2 connections are open/);
  first.emit('close');
  assert.equal(limit.enter(third), null);
  assert.equal(limit.open, 2);
  assert.equal(limit.refusals, 1);
  assert.match(limit.metricsText(), /^quorate_clients_connections_refused_total 1$/m);
});

test('the last quarter is kept for hosts that have few', () => {
  const limit = new ConnectionLimit(100);
  const letIn = (host: string) => limit.enter(socketFrom(host)) === null;
  let many = 0;
  while (letIn('many')) many++;
  assert.equal(many, 75);
  let few = 0;
  while (letIn('few')) few++;
  assert.equal(few, 25);
});

test('the usual number fits into what the process may open', () => {
  const most = usualConnections();
  assert.ok(most >= 16 && most <= 16_384);
});
