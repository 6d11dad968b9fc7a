import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScanQueue } from '../../src/core/ledger/scan-queue.ts';

/** A queue whose turns the test takes. */
class Turning {
  readonly steps: string[] = [];
  readonly #due: (() => void)[] = [];
  readonly queue = new ScanQueue({ defer: (callback) => void this.#due.push(callback) });

  run(name: string, pieces: number): void {
    let left = pieces;
    const scan = {
      results: [name],
      advance: () => {
        this.steps.push(name);
        left -= 1;
        return left === 0;
      },
    };
    const failed = (error: unknown): void => void this.steps.push(String(error));
    this.queue.run(scan, ([found]) => this.steps.push(`${found} done`), failed);
  }

  fail(name: string, reason: string): void {
    const advance = (): never => {
      throw new Error(reason);
    };
    const failed = (error: unknown): void => void this.steps.push(String(error));
    this.queue.run({ results: [name], advance }, () => assert.fail(), failed);
  }

  /** @returns what happened in it */
  turn(): string[] {
    this.steps.length = 0;
    const due = this.#due.splice(0);
    assert.ok(due.length <= 1, 'one piece a turn');
    for (const callback of due) callback();
    return [...this.steps];
  }
}

test('a query of one piece is answered at once', () => {
  const turning = new Turning();
  turning.run('a', 1);
  assert.deepEqual(turning.steps, ['a', 'a done']);
  assert.deepEqual(turning.turn(), []);
});

test('longer queries take turns, a piece each', () => {
  const turning = new Turning();
  turning.run('a', 3);
  turning.run('b', 2);
  turning.run('c', 1);
  assert.deepEqual(turning.steps, ['a']);
  assert.equal(turning.queue.count, 3);
  assert.deepEqual(turning.turn(), ['a']);
  assert.deepEqual(turning.turn(), ['b']);
  assert.deepEqual(turning.turn(), ['c', 'c done']);
  assert.deepEqual(turning.turn(), ['a', 'a done']);
  assert.deepEqual(turning.turn(), ['b', 'b done']);
  assert.deepEqual(turning.turn(), []);
  assert.equal(turning.queue.count, 0);
});

test('so many at a time are taken, and no more', () => {
  const turning = new Turning();
  for (let at = 0; at < 256; at++) {
    assert.ok(turning.queue.hasRoom);
    turning.run(`${at}`, 2);
  }
  assert.equal(turning.queue.hasRoom, false);
});

test('a query that fails is told so, and those behind it go on', () => {
  const turning = new Turning();
  turning.run('a', 3);
  turning.fail('b', 'damaged');
  turning.run('c', 2);
  const all: string[] = [...turning.steps];
  for (let turns = 0; turns < 10; turns++) all.push(...turning.turn());
  assert.deepEqual(
    all.filter((step) => step.length > 1),
    ['Error: damaged', 'a done', 'c done'],
  );
});
