import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppliedEntry, LogFields, Logger, StateMachine } from '@quorate/base';
import { guardMachine } from '../../src/machines/guarded-machine.ts';
import { adaptSimple } from '../../src/machines/simple-adapter.ts';
import { Bank } from './support/bank.ts';
import { entriesOf, SumMachine, sumCommands } from './support/sum-machine.ts';

function guarded(machine: StateMachine<unknown>) {
  const lines: { event: string; fields: LogFields }[] = [];
  const log = (event: string, fields: LogFields = {}): void => {
    lines.push({ event, fields });
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const time = { nowMs: 0 };
  const clock = { monotonicMs: () => time.nowMs, wallMicros: () => 0 };
  return { guard: guardMachine(machine, { clock, logger, slowMs: 50 }), lines, time };
}

function applying(apply: (entries: readonly AppliedEntry[]) => unknown): StateMachine<unknown> {
  return Object.assign(new SumMachine(), { apply }) as StateMachine<unknown>;
}

const undefinedCause: unknown = undefined;
const three = entriesOf(sumCommands(3, 1), 10);

describe('a guarded state machine', () => {
  it('answers as it would unguarded', () => {
    const machine = new SumMachine();
    const { guard, lines } = guarded(machine);
    const entries = entriesOf(sumCommands(40, 1));
    assert.deepEqual(guard.apply(entries), new SumMachine().apply(entries));
    const chunks = [...{ [Symbol.iterator]: () => guard.snapshot() }];
    const other = new SumMachine();
    const { guard: otherGuard } = guarded(other);
    const sink = otherGuard.restore();
    for (const chunk of chunks) sink.chunk(chunk);
    sink.finish();
    assert.deepEqual(other.sums, machine.sums);
    assert.deepEqual(lines, []);
    assert.equal(guard.prefetch, undefined);
  });

  it('that throws is wrapped with the indexes of the batch', () => {
    const cause = new Error('out of range');
    const { guard } = guarded(
      applying(() => {
        throw cause;
      }),
    );
    assert.throws(() => guard.apply(three), {
      name: 'MachineError',
      code: 'RUNTIME_MACHINE_THREW',
      metadata: { method: 'apply', firstIndex: 11, lastIndex: 13, index: null },
      cause,
      message: /apply threw at one of the entries 11 to 13: out of range; mend it/,
    });
  });

  it('that throws at the only entry, or says at which, has it named', () => {
    const { guard } = guarded(
      applying(() => {
        throw undefinedCause;
      }),
    );
    assert.throws(() => guard.apply(three.slice(1, 2)), {
      metadata: { method: 'apply', firstIndex: 12, lastIndex: 12, index: 12 },
      message: /at entry 12: a thrown undefined/,
    });
    class Throwing extends Bank {
      override apply(): never {
        throw new Error('insufficient funds');
      }
    }
    const simple = adaptSimple(new Throwing());
    const good = simple.encodeCommand({ kind: 'deposit', to: 'anna', amount: 1 });
    const { guard: other } = guarded(simple);
    assert.throws(() => other.apply(entriesOf([new Uint8Array(0), good, good], 20)), {
      metadata: { method: 'apply', firstIndex: 21, lastIndex: 23, index: 22 },
    });
  });

  it('that has thrown is neither changed nor snapshotted any more, but may be restored', () => {
    let calls = 0;
    const machine = applying((entries) => {
      calls += 1;
      if (calls === 1) throw new Error('half done');
      return entries.map(() => 0);
    });
    const { guard } = guarded(machine);
    const broken = { code: 'RUNTIME_MACHINE_THREW' };
    assert.throws(() => guard.apply(three), broken);
    assert.throws(() => guard.apply(three), broken);
    assert.throws(() => guard.snapshot(), broken);
    assert.equal(calls, 1);
    const sink = guard.restore();
    for (const chunk of new SumMachine().chunks()) sink.chunk(chunk);
    sink.finish();
    assert.equal(guard.apply(three).length, 3);
  });

  it('that gives promises is stopped, with the entry where it is known', async () => {
    const gone = async (): Promise<never> => {
      throw new Error('nobody hears this');
    };
    assert.throws(() => guarded(applying(gone)).guard.apply(three), {
      code: 'RUNTIME_MACHINE_ASYNC',
      metadata: { method: 'apply', index: null },
    });
    const second = applying(() => [0, gone(), 0]);
    assert.throws(() => guarded(second).guard.apply(three), {
      code: 'RUNTIME_MACHINE_ASYNC',
      metadata: { method: 'apply', index: 12 },
      message: /gave a promise at entry 12: it may not wait for anything/,
    });
    await new Promise(setImmediate);
  });

  it('that gives too few results, too many or none is stopped', () => {
    const wrong: readonly [unknown, number, RegExp][] = [
      [[1, 2], 2, /gave 2 results for 3 entries \(11 to 13\); give one result an entry/],
      [[1, 2, 3, 4], 4, /gave 4 results/],
      [undefined, 0, /gave no array of results/],
      [{ length: 3 }, 0, /gave no array of results/],
    ];
    for (const [given, results, message] of wrong) {
      assert.throws(() => guarded(applying(() => given)).guard.apply(three), {
        code: 'RUNTIME_MACHINE_MISCOUNTED',
        metadata: { firstIndex: 11, lastIndex: 13, entries: 3, results },
        message,
      });
    }
  });

  it('that is slow is logged, once a second, with what it was doing', () => {
    const slow = applying((entries) => {
      time.nowMs += entries.length * 20.4;
      return entries.map(() => 0);
    });
    const { guard, lines, time } = guarded(slow);
    guard.apply(three.slice(0, 2));
    assert.equal(lines.length, 0);
    guard.apply(three);
    const fields = { method: 'apply', ms: 61, entries: 3, firstIndex: 11, lastIndex: 13 };
    assert.deepEqual(lines, [
      { event: 'state machine is slow', fields: { ...fields, unlogged: 0 } },
    ]);
    guard.apply(three);
    guard.apply(three);
    assert.equal(lines.length, 1);
    time.nowMs += 1000;
    guard.apply(three);
    assert.deepEqual(lines[1]?.fields, { ...fields, unlogged: 2 });
  });

  it('that is slow to begin a snapshot is logged', () => {
    const machine = new SumMachine();
    const snapshot = machine.snapshot.bind(machine);
    machine.snapshot = () => {
      time.nowMs += 2000;
      return snapshot();
    };
    const { guard, lines, time } = guarded(machine);
    guard.snapshot();
    assert.equal(lines[0]?.fields['method'], 'snapshot');
    assert.equal(lines[0]?.fields['ms'], 2000);
  });

  it('whose snapshot is no iterator over chunks says so', () => {
    const wrong: readonly [unknown, string, RegExp][] = [
      [['text'].values(), 'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE', /no Uint8Array but string/],
      [
        [new Uint8Array(1024 * 1024 + 1)].values(),
        'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE',
        /a chunk has 1048577 bytes; yield at most 1048576/,
      ],
      [(async function* () {})(), 'RUNTIME_MACHINE_ASYNC', /snapshot gave a promise/],
    ];
    for (const [chunks, code, message] of wrong) {
      const machine = Object.assign(new SumMachine(), { snapshot: () => chunks });
      const { guard } = guarded(machine as StateMachine<unknown>);
      const snapshot = guard.snapshot();
      assert.throws(() => snapshot.next(), { code, message });
    }
  });

  it('whose snapshot throws says where, and when it is only ended, logs it', () => {
    const failing = {
      next: (): never => {
        throw new Error('no more');
      },
      return: (): never => {
        throw new Error('not now');
      },
    };
    const { guard, lines } = guarded(Object.assign(new SumMachine(), { snapshot: () => failing }));
    const snapshot = guard.snapshot();
    assert.throws(() => snapshot.next(), {
      code: 'RUNTIME_MACHINE_THREW',
      message: /snapshot threw: no more/,
    });
    assert.deepEqual(snapshot.return?.(), { done: true, value: undefined });
    assert.deepEqual(lines[0]?.fields, { reason: 'not now' });
  });

  it('that cannot restore says why, with its own code if it has one', () => {
    const { guard } = guarded(new SumMachine());
    const sink = guard.restore();
    sink.chunk(Uint8Array.of(1, 2, 3));
    assert.throws(() => sink.finish(), {
      code: 'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE',
      metadata: { reason: 'restoring threw: these are not all sums', offset: 3 },
    });
    const simple = guarded(adaptSimple(new Bank())).guard.restore();
    assert.throws(() => simple.finish(), { metadata: { reason: 'it is cut off', offset: 0 } });
    const late = Object.assign(new SumMachine(), {
      restore: () => ({ chunk: () => undefined, finish: async () => undefined }),
    });
    const lateSink = guarded(late).guard.restore();
    assert.throws(() => lateSink.finish(), { code: 'RUNTIME_MACHINE_ASYNC' });
  });

  it('prefetches as it would unguarded, and what it throws there is named', () => {
    const asked: number[] = [];
    const machine = Object.assign(new SumMachine(), {
      prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void) {
        if (entries.length > 2) throw new Error('too many');
        asked.push(entries.length);
        done(null);
      },
    });
    const { guard } = guarded(machine);
    const errors: (Error | null)[] = [];
    guard.prefetch?.(three.slice(1), (error) => errors.push(error));
    assert.deepEqual([asked, errors], [[2], [null]]);
    assert.throws(() => guard.prefetch?.(three, () => undefined), {
      code: 'RUNTIME_MACHINE_THREW',
      metadata: { method: 'prefetch', firstIndex: 11, lastIndex: 13, index: null },
    });
    const after = (): never => {
      throw new Error('of the caller');
    };
    assert.throws(() => guard.prefetch?.(three.slice(1), after), new Error('of the caller'));
  });
});
