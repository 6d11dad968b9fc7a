import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Access } from '../../src/disk/operation-order.ts';
import { OperationOrder } from '../../src/disk/operation-order.ts';

/** Submits accesses and tells which are under way; they end when the test says so. */
function observed(size: number): {
  submit(name: string, kind: Access['kind'], start?: number, end?: number): void;
  finish(name: string): void;
  readonly running: string[];
} {
  const order = new OperationOrder(size);
  const ends = new Map<string, () => void>();
  const running: string[] = [];
  return {
    running,
    submit(name, kind, start = 0, end = 0) {
      order.submit({ kind, start, end }, (finished) => {
        running.push(name);
        ends.set(name, finished);
      });
    },
    finish(name) {
      running.splice(running.indexOf(name), 1);
      ends.get(name)?.();
    },
  };
}

test('durable writes follow each other without waiting, and others wait for them', () => {
  const order = observed(0);
  order.submit('d1', 'durableWrite', 0, 10);
  order.submit('d2', 'durableWrite', 10, 20);
  order.submit('w', 'write', 20, 30);
  order.submit('d3', 'durableWrite', 30, 40);
  assert.deepEqual(order.running, ['d1', 'd2']);
  order.finish('d1');
  assert.deepEqual(order.running, ['d2']);
  order.finish('d2');
  assert.deepEqual(order.running, ['w']);
  order.finish('w');
  assert.deepEqual(order.running, ['d3']);
});

test('an append does not wait for a read elsewhere, but for one of the same bytes', () => {
  const order = observed(100);
  order.submit('read', 'read', 0, 50);
  order.submit('append', 'durableWrite', 100, 110);
  order.submit('overwrite', 'durableWrite', 49, 51);
  assert.deepEqual(order.running, ['read', 'append']);
  order.finish('read');
  assert.deepEqual(order.running, ['append', 'overwrite']);
});

test('a read that would meet the end of the file keeps an append waiting', () => {
  const order = observed(100);
  order.submit('read', 'read', 90, 120);
  order.submit('append', 'durableWrite', 120, 130);
  assert.deepEqual(order.running, ['read']);
  order.submit('next', 'read', 100, 130);
  assert.deepEqual(order.running, ['read'], 'it reads what the append writes');
});

test('a close waits for everything before it', () => {
  const order = observed(100);
  order.submit('r1', 'read', 0, 50);
  order.submit('r2', 'read', 0, 50);
  order.submit('close', 'close');
  assert.deepEqual(order.running, ['r1', 'r2']);
  order.finish('r2');
  order.finish('r1');
  assert.deepEqual(order.running, ['close']);
});
