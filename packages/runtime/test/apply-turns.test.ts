import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppliedEntry, StateMachine } from '@quorate/base';
import { type Entry, EntryKind, type SnapshotMeta } from '@quorate/schema';
import { ApplyPipeline } from '../src/apply-pipeline.ts';
import { FakeSnapshotStore } from './support/fake-snapshot-store.ts';

/** A state machine that takes its time, and what is deferred while it does. */
class Turns {
  readonly pipeline: ApplyPipeline;
  /** Indexes by call of `apply`. */
  readonly calls: number[][] = [];
  readonly reported: number[] = [];
  readonly deferred: (() => void)[] = [];
  readonly failures: Error[] = [];
  readonly #nowMs = { value: 0 };

  /** @param costMs of the entry with an index */
  constructor(costMs: (index: number) => number, prefetch?: StateMachine<unknown>['prefetch']) {
    const stateMachine: StateMachine<unknown> = {
      ...(prefetch === undefined ? {} : { prefetch }),
      apply: (entries) => {
        this.calls.push(entries.map(({ index }) => index));
        for (const { index } of entries) this.#nowMs.value += costMs(index);
        return entries.map(({ index }) => index);
      },
      snapshot: () => ({ next: () => ({ done: true, value: undefined }) }),
      restore: () => ({ chunk: () => undefined, finish: () => undefined }),
    };
    const store = new FakeSnapshotStore((_delayMs, callback) => void this.deferred.push(callback));
    this.pipeline = new ApplyPipeline({ id: 1, stateMachine }, store, {
      applied: (entries, results) => {
        assert.deepEqual(
          results,
          entries.map(({ index }) => index),
        );
        this.reported.push(...entries.map(({ index }) => index));
        assert.equal(this.pipeline.appliedIndex, this.reported.at(-1));
      },
      restored: () => undefined,
      failed: (error) => void this.failures.push(error),
      nowMs: () => this.#nowMs.value,
      defer: (callback) => void this.deferred.push(callback),
    });
  }

  /** Lets what was deferred come, one after the other. @returns how many there were */
  goOn(): number {
    let turns = 0;
    for (; this.deferred.length > 0; turns++) this.deferred.shift()?.();
    return turns;
  }
}

function entries(first: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ kind: EntryKind.command, index: first + at, term: 1 },
    ...{ timestampMicros: first + at, data: new Uint8Array(1) },
  }));
}

const indexes = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => first + at);

describe('entries that are applied', () => {
  it('bug 39: let other work go first after some milliseconds, however small they are', () => {
    const turns = new Turns(() => 25);
    turns.pipeline.apply(entries(1, 40));
    assert.deepEqual(turns.calls, [[1]]);
    turns.deferred.shift()?.();
    assert.deepEqual(turns.calls, [[1], [2]]);
    assert.equal(turns.goOn(), 38);
    assert.deepEqual(turns.reported, indexes(1, 40));
  });

  it('go together when they are quick, and not for long when one is not', () => {
    const turns = new Turns((index) => (index <= 100 ? 0.01 : 5));
    turns.pipeline.apply(entries(1, 200));
    turns.goOn();
    assert.deepEqual(
      turns.calls.slice(0, 8).map((call) => call.length),
      [1, 2, 4, 8, 16, 16, 16, 16],
    );
    const slow = turns.calls.filter((call) => (call.at(-1) as number) > 101);
    assert.ok(slow.slice(2).every((call) => call.length === 1));
    assert.deepEqual(turns.reported, indexes(1, 200));
  });

  it('are applied at once when time stands still, also very many', () => {
    const turns = new Turns(() => 0);
    turns.pipeline.apply(entries(1, 100_000));
    assert.equal(turns.deferred.length, 0);
    assert.deepEqual(turns.reported, indexes(1, 100_000));
  });

  it('keep their order when more come while they wait', () => {
    const turns = new Turns(() => 11);
    turns.pipeline.apply(entries(1, 3));
    turns.pipeline.apply(entries(4, 3));
    turns.goOn();
    assert.deepEqual(turns.reported, indexes(1, 6));
  });

  it('are prefetched as they are applied, a few at a time', () => {
    const asked: number[][] = [];
    const answers: ((error: Error | null) => void)[] = [];
    const turns = new Turns(
      () => 6,
      (some: readonly AppliedEntry[], done) => {
        asked.push(some.map(({ index }) => index));
        answers.push(done);
      },
    );
    turns.pipeline.apply(entries(1, 3));
    for (let entry = 1; entry <= 3; entry++) {
      assert.deepEqual(asked.at(-1), [entry]);
      answers.shift()?.(null);
    }
    turns.goOn();
    assert.deepEqual(turns.calls, asked);
  });

  it('are given up when a snapshot comes, or the end', () => {
    const replaced = new Turns(() => 50);
    replaced.pipeline.apply(entries(1, 3));
    replaced.pipeline.restore({ index: 9, term: 1 } as SnapshotMeta);
    replaced.goOn();
    // There is no such snapshot.
    assert.deepEqual([replaced.reported, replaced.failures.length], [[1], 1]);
    const closed = new Turns(() => 50);
    closed.pipeline.apply(entries(1, 3));
    closed.pipeline.close();
    closed.goOn();
    assert.deepEqual(closed.reported, [1]);
  });
});
