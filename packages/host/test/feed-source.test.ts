import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Scheduler } from '@quorate/sim';
import type { FeedAnswer } from '../src/feed/feed-messages.ts';
import type { FeedOrigin } from '../src/feed/feed-origin.ts';
import { FeedSource } from '../src/feed/feed-source.ts';

/** Of three chunks. */
function* threeChunks(ended: () => void): Generator<Uint8Array, void> {
  try {
    yield* [1, 2, 3].map((byte) => Uint8Array.of(byte));
  } finally {
    ended();
  }
}

/** A source whose group has applied ten entries, none of which is at hand any more. */
class Setting {
  readonly scheduler = new Scheduler();
  readonly source: FeedSource;
  ended = 0;

  constructor() {
    const origin: FeedOrigin = {
      appliedIndex: 10,
      onApplied: () => () => undefined,
      openSnapshot: () => ({ index: 10, chunks: threeChunks(() => this.ended++) }),
      barrier: (_, done) => done(10),
    };
    const { scheduler } = this;
    const after = (delayMs: number, callback: () => void): { cancel(): void } =>
      scheduler.schedule(delayMs, callback);
    const timers = { after, defer: (callback: () => void) => void after(0, callback) };
    const monotonicMs = (): number => scheduler.nowMs;
    this.source = new FeedSource(
      origin,
      timers,
      { monotonicMs, wallMicros: () => 0 },
      { maxFollowers: 0, self: 0 },
    );
  }

  begin(): FeedAnswer {
    return this.#answerOf((reply) => this.source.entriesAfter(0, 1000, 1000, reply));
  }

  chunk(id: number, chunk: number): FeedAnswer {
    return this.#answerOf((reply) => this.source.snapshotChunk(id, chunk, reply));
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }

  #answerOf(ask: (reply: (answer: FeedAnswer) => void) => void): FeedAnswer {
    const answers: FeedAnswer[] = [];
    ask((answer) => answers.push(answer));
    assert.equal(answers.length, 1);
    return answers[0] as FeedAnswer;
  }
}

describe('what feeds replicas', () => {
  it('gives the place of those that gave a snapshot up to others, and of nobody else', () => {
    const setting = new Setting();
    for (const id of [1, 2, 3, 4])
      assert.deepEqual(setting.begin(), { kind: 'begin', id, index: 10 });
    for (const id of [1, 2, 3, 4]) setting.chunk(id, 0);
    assert.equal(setting.begin().kind, 'refused');
    setting.run(9000);
    assert.equal(setting.chunk(4, 1).kind, 'chunk');
    assert.equal(setting.begin().kind, 'refused');
    setting.run(2000);
    assert.deepEqual(setting.begin(), { kind: 'begin', id: 5, index: 10 });
    assert.equal(setting.ended, 3);
    assert.equal(setting.chunk(1, 1).kind, 'refused');
    const third = { kind: 'chunk', last: false, bytes: Uint8Array.of(3) };
    assert.deepEqual(setting.chunk(4, 2), third);
    assert.deepEqual(setting.chunk(4, 3), { kind: 'chunk', last: true, bytes: new Uint8Array(0) });
    setting.source.close();
  });
});
