import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFields } from '@quorate/base';
import { LedgerMachine } from '@quorate/ledger';
import { ClockWatch } from '../../src/core/ledger/clock-watch.ts';
import { ledgerReplica } from '../../src/core/ledger/ledger-replica.ts';
import { apiIdOf } from '../../src/core/member-id.ts';

const second = 1_000_000;
const leader = 5;

/** A watch whose clock, group and looks are the test's. */
class Watching {
  wallMicros = 1000 * second;
  monotonicMs = 0;
  role: 'leader' | 'follower' = 'follower';
  readonly logged: [level: string, event: string, fields: LogFields][] = [];
  /** Reads that wait for the state of the leader. */
  readonly barriers: ((error: Error | null) => void)[] = [];
  #due: (() => void) | null = null;
  readonly watch = new ClockWatch({
    clock: { wallMicros: () => this.wallMicros, monotonicMs: () => this.monotonicMs },
    timers: {
      after: (_delayMs, callback) => {
        this.#due = callback;
        const cancel = (): void => {
          this.#due = null;
        };
        return { cancel };
      },
    },
    logger: {
      info: (event, fields = {}) => void this.logged.push(['info', event, fields]),
      warn: (event, fields = {}) => void this.logged.push(['warn', event, fields]),
    },
  });

  constructor() {
    this.watch.start({
      // All of it that is looked at.
      status: () => ({ role: this.role, leader }) as never,
      readBarrier: (done) => void this.barriers.push((error) => done(error as never, 1)),
    });
  }

  get warnings(): LogFields[] {
    return this.logged.filter(([level]) => level === 'warn').map(([, , fields]) => fields);
  }

  apply(...offsets: number[]): void {
    for (const offset of offsets) this.watch.applying(this.wallMicros + offset * second);
  }

  /** A look, and before it the entries of a second, each so much later than the clock. */
  pass(...offsets: number[]): void {
    this.wallMicros += second;
    this.monotonicMs += 1000;
    this.apply(...offsets);
    this.#due?.();
  }

  /** As `pass`, on a replica that has all its leader has. */
  passCaughtUp(...offsets: number[]): void {
    this.pass(...offsets);
    this.answer(3);
  }

  answer(tookMs: number, error: Error | null = null): void {
    this.monotonicMs += tookMs;
    for (const done of this.barriers.splice(0)) done(error);
  }
}

test('a log that is an hour ahead is warned of once, and what it means is said', () => {
  const watching = new Watching();
  watching.pass(3600);
  watching.pass(3600);
  assert.deepEqual(watching.warnings, []);
  for (let looks = 0; looks < 9; looks++) watching.pass(3600);
  assert.equal(watching.warnings.length, 1);
  const [fields = assert.fail()] = watching.warnings;
  assert.equal(fields['offsetSeconds'], 3600);
  assert.equal(fields['leader'], apiIdOf(leader).toString(16));
  assert.match(String(fields['meaning']), /ahead.*pending transfers expire early.*late once/);
  assert.match(String(fields['advice']), /check NTP on the leader and here/);
  assert.equal(watching.watch.offsetSeconds, 3600);
});

test('the leader itself is told when the log is ahead of its own clock', () => {
  const watching = new Watching();
  watching.role = 'leader';
  for (let looks = 0; looks < 3; looks++) watching.pass(30);
  assert.equal(watching.warnings.length, 1);
});

test('there is one warning for each spell, and a line at its end', () => {
  const watching = new Watching();
  for (const offset of [2, 2, 2, 2, 0.7, 1.5, 1.5, 1.5, 0.1, 2, 2, 0.1, 2, 2, 2]) {
    watching.pass(offset);
  }
  assert.deepEqual(
    watching.logged.map(([level]) => level),
    ['warn', 'info', 'warn'],
  );
  assert.equal(watching.logged[1]?.[2]['offsetSeconds'], 0.1);
});

test('a second of difference, and looks at which nothing was applied, are nothing', () => {
  const watching = new Watching();
  for (let looks = 0; looks < 5; looks++) watching.pass(1);
  for (let looks = 0; looks < 2; looks++) watching.pass(5);
  for (let looks = 0; looks < 5; looks++) watching.pass();
  assert.deepEqual(watching.logged, []);
  watching.pass(5);
  assert.equal(watching.warnings.length, 1);
});

test('a log that is behind this clock is warned of where all of it has been applied', () => {
  const watching = new Watching();
  for (let looks = 0; looks < 3; looks++) watching.passCaughtUp(-3600, -30);
  assert.equal(watching.warnings.length, 1);
  assert.equal(watching.warnings[0]?.['offsetSeconds'], -30);
  assert.match(String(watching.warnings[0]?.['meaning']), /behind.*expire late.*early/);
});

test('old entries that a replica catches up with say nothing of clocks', () => {
  const watching = new Watching();
  for (let looks = 0; looks < 9; looks++) {
    watching.pass(-3600 + looks);
    watching.answer(501);
  }
  for (let looks = 0; looks < 9; looks++) {
    watching.pass(-3600 + looks);
    watching.answer(3, new Error('there is no leader'));
  }
  assert.deepEqual([watching.logged, watching.watch.offsetSeconds], [[], null]);
  watching.pass(-3600, -0.01);
  assert.equal(watching.watch.offsetSeconds, -0.01);
});

test('a replica asks its leader once at a time, and a leader nobody', () => {
  const watching = new Watching();
  for (let looks = 0; looks < 4; looks++) watching.pass(-10);
  assert.equal(watching.barriers.length, 1);
  watching.answer(3);
  watching.role = 'leader';
  watching.pass(-10);
  assert.equal(watching.barriers.length, 0);
});

test('a watch that was stopped says nothing more', () => {
  const watching = new Watching();
  for (let looks = 0; looks < 2; looks++) watching.passCaughtUp(-10);
  watching.pass(-10);
  watching.watch.stop();
  watching.answer(3);
  watching.pass(-10);
  assert.deepEqual(watching.logged, []);
});

test('the time of entries is compared before they are applied, by the newest of them', () => {
  const watching = new Watching();
  const replica = ledgerReplica(new LedgerMachine(), watching.watch);
  const command = Uint8Array.of(0);
  const entry = (index: number, offset: number) => {
    return { index, term: 1, timestampMicros: watching.wallMicros + offset * second, command };
  };
  assert.equal(replica.apply([entry(1, -2), entry(2, 0.5)]).length, 2);
  assert.deepEqual(replica.apply([]), []);
  watching.wallMicros -= second;
  watching.pass();
  assert.equal(watching.watch.offsetSeconds, 0.5);
});
