import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PulseTicker } from '../../src/core/ledger/pulse-ticker.ts';

/** A ticker whose time, role and books the test sets. */
class Ticking {
  nowMicros = 1000;
  dueMicros: number | null = null;
  role: 'leader' | 'follower' = 'leader';
  readonly proposed: Uint8Array[] = [];
  readonly answers: (() => void)[] = [];
  #due: (() => void) | null = null;
  readonly ticker = new PulseTicker({
    group: {
      propose: (command, done) => {
        this.proposed.push(command);
        this.answers.push(() => done(null, { index: 1, result: { kind: 'ticked' } }));
      },
      // All of it that is looked at.
      status: () => ({ role: this.role }) as never,
    },
    nextExpiryMicros: () => this.dueMicros,
    pulse: Uint8Array.of(7),
    clock: { wallMicros: () => this.nowMicros },
    timers: {
      after: (_delayMs, callback) => {
        this.#due = callback;
        return {
          cancel: () => {
            this.#due = null;
          },
        };
      },
    },
  });

  constructor() {
    this.ticker.start();
  }

  /** @returns how many pulses were proposed so far */
  tick(): number {
    this.#due?.();
    return this.proposed.length;
  }
}

test('a leader carries the time to books in which something is due, once', () => {
  const ticking = new Ticking();
  assert.equal(ticking.tick(), 0);
  ticking.dueMicros = 1001;
  assert.equal(ticking.tick(), 0);
  ticking.nowMicros = 1001;
  assert.equal(ticking.tick(), 1);
  assert.equal(ticking.tick(), 1);
  assert.deepEqual(ticking.proposed, [Uint8Array.of(7)]);
});

test('what came of a pulse does not matter: while something is due there is another', () => {
  const ticking = new Ticking();
  ticking.dueMicros = 0;
  ticking.tick();
  ticking.answers.shift()?.();
  assert.equal(ticking.tick(), 2);
});

test('a follower, and a server that was stopped, propose nothing', () => {
  const ticking = new Ticking();
  ticking.dueMicros = 0;
  ticking.role = 'follower';
  assert.equal(ticking.tick(), 0);
  ticking.role = 'leader';
  ticking.ticker.stop();
  assert.equal(ticking.tick(), 0);
});
