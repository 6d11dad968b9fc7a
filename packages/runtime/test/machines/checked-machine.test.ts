import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type AppliedEntry,
  type Checkpoints,
  type MachinePlace,
  present,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import fc from 'fast-check';
import { globalTripwires } from '../../conformance/index.ts';
import { checkedMachine } from '../../src/machines/checked-machine.ts';
import { adaptSimple } from '../../src/machines/simple-adapter.ts';
import { appliedResult } from '../../src/machines/simple-result.ts';
import { drawn, restoreFrom } from '../sessions/support/tally-machine.ts';
import { Bank, bankCommands } from './support/bank.ts';
import { entriesOf, SumMachine, sumCommands } from './support/sum-machine.ts';

/** Applies in batches of four until it has parted. */
function run(machine: StateMachine<unknown>, commands = sumCommands(100, 1)): void {
  const entries = entriesOf(commands);
  for (let at = 0; at < entries.length; at += 4) machine.apply(entries.slice(at, at + 4));
}

let shared = 0;

describe('a checked state machine that is right', () => {
  it('answers and is what it would be alone', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.array(fc.integer({ min: 1, max: 9 })), (seed, sizes) => {
        const alone = new SumMachine();
        const checked = checkedMachine(() => new SumMachine(), { compareEvery: 2 });
        const entries = entriesOf(sumCommands(60, seed));
        let at = 0;
        for (const size of [...sizes, 60]) {
          const batch = entries.slice(at, at + size);
          if (batch.length === 0) break;
          at += size;
          assert.deepEqual(checked.apply(batch), alone.apply(batch));
        }
        assert.deepEqual(drawn(checked.snapshot()), drawn(alone.snapshot()));
        assert.deepEqual(checked.machine.sums, alone.sums);
      }),
      { numRuns: 50 },
    );
  });

  it('may be a simple one, and is asked through the copy that counts', () => {
    const checked = checkedMachine(() => adaptSimple(new Bank()), {
      tripwires: globalTripwires(),
      compareEvery: 5,
    });
    const commands = bankCommands(50, 1).map((one) => checked.machine.encodeCommand(one));
    const results = entriesOf(commands).flatMap((entry) => checked.apply([entry]));
    for (const result of results) appliedResult(result);
    assert.equal(typeof checked.machine.query('anna'), 'number');
  });

  it('may have prefetch: both copies are told, and get the whole batch', () => {
    const told: string[] = [];
    let copies = 0;
    class Reading extends SumMachine {
      readonly #name = `copy ${++copies}`;
      prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
        told.push(`${this.#name} reads ${entries.length}`);
        done(null);
      }
      override apply(entries: readonly AppliedEntry[]): readonly number[] {
        told.push(`${this.#name} applies ${entries.length}`);
        return super.apply(entries);
      }
    }
    const checked = checkedMachine(() => new Reading());
    const entries = entriesOf(sumCommands(3, 1));
    checked.prefetch?.(entries, (error) => told.push(`done ${error}`));
    checked.apply(entries);
    assert.deepEqual(told, [
      'copy 1 reads 3',
      'copy 2 reads 3',
      'done null',
      'copy 1 applies 3',
      'copy 2 applies 3',
    ]);
  });

  it('may write its snapshots in several ways when that is said', () => {
    class Sorting extends SumMachine {
      override restore(): SnapshotSink {
        const inner = super.restore();
        return {
          chunk: (bytes) => inner.chunk(bytes),
          finish: () => {
            inner.finish();
            this.sums = new Map([...this.sums].sort(([a], [b]) => a - b));
          },
        };
      }
    }
    const checked = checkedMachine(() => new Sorting(), {
      compareEvery: 1,
      snapshotBytes: 'mayDiffer',
    });
    run(checked);
    restoreFrom(new Sorting(), drawn(checked.snapshot()), 64);
  });
});

describe('a checked state machine', () => {
  const wrong: Readonly<
    Record<
      string,
      { readonly create: () => SumMachine; readonly what: string; readonly says: RegExp }
    >
  > = {
    'that draws at random': {
      create: () =>
        new (class extends SumMachine {
          override one(entry: AppliedEntry): number {
            return super.one(entry) + Math.random();
          }
        })(),
      what: 'result',
      says: /answered entry 1 differently: result is [\d.]+ and [\d.]+; look for a clock or random/,
    },
    'whose copies share a variable': {
      create: () =>
        new (class extends SumMachine {
          override one(entry: AppliedEntry): number {
            return super.one(entry) + (shared++ % 5);
          }
        })(),
      what: 'result',
      says: /answered entry \d+ differently.*variables that the copies share/,
    },
    'that hangs on batches': {
      create: () =>
        new (class extends SumMachine {
          override apply(entries: readonly AppliedEntry[]): readonly number[] {
            return super.apply(entries).map((sum) => sum + entries.length);
          }
        })(),
      what: 'result',
      says: /result is \d+ and \d+;.*hangs on batches \(the second copy gets the entries one at a/,
    },
    'that hides a difference from its results': {
      create: () =>
        new (class extends SumMachine {
          override one(entry: AppliedEntry): number {
            const sum = super.one(entry);
            this.sums.set(4000, Math.floor(Math.random() * 256));
            return sum;
          }
        })(),
      what: 'state',
      says: /have parted by entry \d+: snapshot\[\d+\] is \d+ of \d+ bytes, in .* and \d+ of/,
    },
    'that writes into commands': {
      create: () =>
        new (class extends SumMachine {
          override one(entry: AppliedEntry): number {
            const sum = super.one(entry);
            entry.command.fill(0);
            return sum;
          }
        })(),
      what: 'command',
      says: /changed the bytes of the command of entry \d+: command\[0\] is .* copy the bytes/,
    },
    'that leaves state out of its snapshot': {
      create: () => {
        class Forgetful extends SumMachine {
          #count = 0;
          override one(entry: AppliedEntry): number {
            return super.one(entry) + 256 * ++this.#count;
          }
        }
        return new Forgetful();
      },
      what: 'result',
      says: /not in the snapshot \(the second copy was restored from one as of entry 16\)/,
    },
    'that restores in another order': {
      create: () =>
        new (class extends SumMachine {
          override restore(): SnapshotSink {
            const inner = super.restore();
            return {
              chunk: (bytes) => inner.chunk(bytes),
              finish: () => {
                inner.finish();
                this.sums = new Map([...this.sums].sort(([a], [b]) => a - b));
              },
            };
          }
        })(),
      what: 'restoredState',
      says: /a copy restored from the snapshot as of entry 16 gives another snapshot/,
    },
  };

  for (const [that, { create, what, says }] of Object.entries(wrong)) {
    it(`${that} is stopped and told why`, () => {
      const checked = checkedMachine(create, { compareEvery: 4 });
      assert.throws(
        () => run(checked),
        (error: Error & { code?: string; metadata?: { what?: string } }) => {
          assert.equal(error.code, 'RUNTIME_MACHINE_DIVERGED');
          assert.equal(error.metadata?.what, what);
          assert.match(error.message, says);
          return true;
        },
      );
      assert.throws(() => checked.apply(entriesOf([])), { code: 'RUNTIME_MACHINE_DIVERGED' });
      assert.throws(() => checked.snapshot(), { code: 'RUNTIME_MACHINE_DIVERGED' });
    });
  }

  it('names the field of a simple state', () => {
    let salt = 0;
    class Salted extends Bank {
      readonly #salt = ++salt;
      override toJSON(): unknown {
        return { ...(super.toJSON() as object), salt: { by: [this.#salt] } };
      }
    }
    const checked = checkedMachine(() => adaptSimple(new Salted()), { compareEvery: 1 });
    const command = checked.machine.encodeCommand({ kind: 'deposit', to: 'anna', amount: 1 });
    assert.throws(() => checked.apply(entriesOf([command])), {
      metadata: { index: 1, what: 'state', path: 'state.salt.by[0]', first: '1', second: '2' },
    });
  });

  it('over tripwires names what was used', () => {
    class Clocked extends SumMachine {
      override one(entry: AppliedEntry): number {
        return super.one(entry) + (Date.now() > 0 ? 1 : 0);
      }
    }
    const checked = checkedMachine(() => new Clocked(), { tripwires: globalTripwires() });
    assert.throws(() => run(checked), {
      code: 'RUNTIME_MACHINE_IMPURE',
      metadata: { index: 4, used: ['Date.now'] },
    });
  });

  it('finds a snapshot that sees later entries, and tells it at the next batch too', () => {
    class Late extends SumMachine {
      override snapshot(): Iterator<Uint8Array, void> {
        const generate = function* (this: Late): Generator<Uint8Array, void> {
          yield* this.chunks();
        };
        return generate.call(this);
      }
    }
    const checked = checkedMachine(() => new Late());
    const entries = entriesOf(sumCommands(20, 1));
    checked.apply(entries.slice(0, 10));
    const snapshot = checked.snapshot();
    checked.apply(entries.slice(10, 19));
    assert.throws(() => drawn(snapshot), {
      code: 'RUNTIME_MACHINE_DIVERGED',
      message: /the snapshot as of entry 10 was drawn while apply went on, and holds another state/,
    });
    assert.throws(() => checked.apply(entries.slice(19)), { code: 'RUNTIME_MACHINE_DIVERGED' });
  });

  it('finds what is left of the state before a restore', () => {
    class Adding extends SumMachine {
      override restore(): SnapshotSink {
        const before = this.sums;
        const inner = super.restore();
        return {
          chunk: (bytes) => inner.chunk(bytes),
          finish: () => {
            inner.finish();
            this.sums = new Map([...before, ...this.sums]);
          },
        };
      }
    }
    const source = new SumMachine();
    source.apply(entriesOf([Uint8Array.of(1, 0, 1)]));
    const checked = checkedMachine(() => new Adding());
    checked.apply(entriesOf([Uint8Array.of(2, 0, 1)]));
    assert.throws(() => restoreFrom(checked, drawn(source.snapshot()), 64), {
      code: 'RUNTIME_MACHINE_DIVERGED',
    });
  });

  it('that throws has the entry named, which one copy alone could not tell', () => {
    class Throwing extends SumMachine {
      override apply(entries: readonly AppliedEntry[]): readonly number[] {
        if (entries.some(({ index }) => index === 7)) throw new Error('seven');
        return super.apply(entries);
      }
    }
    assert.throws(() => run(checkedMachine(() => new Throwing())), {
      code: 'RUNTIME_MACHINE_THREW',
      metadata: { method: 'apply', firstIndex: 5, lastIndex: 8, index: 7 },
      message: /threw at entry 7: seven/,
    });
  });

  it('of which only one copy throws has parted', () => {
    let copies = 0;
    class Moody extends SumMachine {
      readonly #copy = ++copies;
      override one(entry: AppliedEntry): number {
        if (this.#copy === 2 && entry.index === 6) throw new Error('not today');
        return super.one(entry);
      }
    }
    assert.throws(() => run(checkedMachine(() => new Moody())), {
      code: 'RUNTIME_MACHINE_DIVERGED',
      message: /one copy of the state machine threw at entry 6, the other did not.*not today/,
    });
  });

  it('that refuses its own snapshot is named so', () => {
    class Refusing extends SumMachine {
      override restore(): SnapshotSink {
        throw new Error('not implemented');
      }
    }
    assert.throws(() => run(checkedMachine(() => new Refusing(), { compareEvery: 1 })), {
      code: 'RUNTIME_MACHINE_SNAPSHOT_UNUSABLE',
      message: /a copy refused what snapshot gave: not implemented/,
    });
  });

  it('with checkpoints is compared before one is taken, and may be restored from one', () => {
    class Stored extends SumMachine {
      isOpen = false;
      readonly stored: Map<number, number>[] = [];
      readonly checkpoints: Checkpoints = {
        isDue: false,
        open: () => {
          this.isOpen = true;
        },
        take: () => {
          this.stored.push(new Map(this.sums));
          const chunks = [Uint8Array.of(0xff)].values();
          return { next: () => chunks.next(), persist: (done) => done(null, 0) };
        },
        expand: () => ({ expand: () => [], close: () => undefined }),
        collect: () => undefined,
        close: (done) => done(),
      };
      override restore(): SnapshotSink {
        const inner = super.restore();
        let isCheckpoint = false;
        return {
          chunk: (bytes) => {
            isCheckpoint ||= bytes[0] === 0xff;
            if (!isCheckpoint) inner.chunk(bytes);
          },
          finish: () => {
            if (!isCheckpoint) inner.finish();
            else if (this.isOpen) this.sums = new Map(this.stored.at(-1));
            else throw new Error('who has no directory has no checkpoint');
          },
        };
      }
    }
    const checked = checkedMachine(() => new Stored(), { compareEvery: 1000 });
    const checkpoints = present(checked.checkpoints, 'they are passed on');
    checkpoints.open({} as MachinePlace);
    run(checked);
    const sums = new Map(checked.machine.sums);
    const checkpoint = drawn(checkpoints.take(100));
    run(checked, sumCommands(20, 2));
    restoreFrom(checked, checkpoint, 64);
    assert.deepEqual(checked.machine.sums, sums);
    run(checked, sumCommands(20, 3));
    checked.machine.sums.set(1, 77);
    assert.throws(() => checkpoints.take(120), { code: 'RUNTIME_MACHINE_DIVERGED' });
    assert.equal(checked.machine.stored.length, 1);
  });

  it('wants a new copy each time', () => {
    const only = new SumMachine();
    assert.throws(() => checkedMachine(() => only), /create gives a new state machine each time/);
  });
});
