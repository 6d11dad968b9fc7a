import {
  type AppliedEntry,
  concatBytes,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { readSums, SumMachine } from './sum-machine.ts';

let appliedByAll = 0;

/** Each breaks one thing that `SumMachine` does right, by the words that have to tell of it. */
export const wrongMachines: Readonly<
  Record<string, { readonly create: () => StateMachine<unknown>; readonly says: RegExp }>
> = {
  'rolls dice': {
    create: () =>
      new (class extends SumMachine {
        override one(entry: AppliedEntry): number {
          return super.one(entry) + Math.random();
        }
      })(),
    says: /used Math\.random by entry 1: that is not the same on every replica/,
  },
  'looks at the clock': {
    create: () =>
      new (class extends SumMachine {
        override one(entry: AppliedEntry): number {
          super.one(entry);
          return new Date().getUTCMilliseconds();
        }
      })(),
    says: /used new Date\(\) by entry \d+.*take the time from the entry/,
  },
  'counts in a variable of its module': {
    create: () =>
      new (class extends SumMachine {
        override one(entry: AppliedEntry): number {
          super.one(entry);
          appliedByAll += 1;
          return appliedByAll;
        }
      })(),
    says: /two copies .* answered: at entry 1, result is \d+ and \d+; look for .*variables outside/,
  },
  'adds a batch up': {
    create: () =>
      new (class extends SumMachine {
        override apply(entries: readonly AppliedEntry[]): readonly number[] {
          const results = super.apply(entries);
          return results.map(() => results.length);
        }
      })(),
    says: /one by one and all in one batch answered differently.*cut the log differently/,
  },
  'leaves a result out': {
    create: () =>
      new (class extends SumMachine {
        override apply(entries: readonly AppliedEntry[]): readonly number[] {
          return super.apply(entries).filter((result) => result >= 0);
        }
      })(),
    says: /gave \d results for \d entries \(\d+ to \d+\); give one result an entry/,
  },
  'promises results': {
    create: () => {
      const machine = new SumMachine();
      const apply = machine.apply.bind(machine);
      return Object.assign(machine, {
        apply: (entries: readonly AppliedEntry[]) =>
          apply(entries).map((result) => Promise.resolve(result)),
      });
    },
    says: /gave a promise at entry 1: it may not wait for anything/,
  },
  'is an async function': {
    create: () => {
      const machine = new SumMachine();
      const apply = machine.apply.bind(machine);
      return Object.assign(machine, {
        apply: async (entries: readonly AppliedEntry[]) => {
          await Promise.resolve();
          apply(entries);
          throw new Error('nobody hears this');
        },
      }) as unknown as StateMachine<unknown>;
    },
    says: /gave a promise: it may not wait for anything/,
  },
  'writes into commands': {
    create: () =>
      new (class extends SumMachine {
        override one(entry: AppliedEntry): number {
          const sum = super.one(entry);
          entry.command[0] = 7;
          return sum;
        }
      })(),
    says: /apply changed the command of entry \d+: command\[0\] was .* copy the bytes/,
  },
  'hands out what it goes on changing': {
    create: () => {
      const total = { sum: 0 };
      const machine = new SumMachine();
      const apply = machine.apply.bind(machine);
      return Object.assign(machine, {
        apply: (entries: readonly AppliedEntry[]) =>
          apply(entries).map((sum) => {
            total.sum += Math.max(0, sum);
            return total;
          }),
      }) as unknown as StateMachine<unknown>;
    },
    says: /a result changed as later entries were applied: at entry \d+, result\.sum .* a copy/,
  },
  'throws at what it does not know': {
    create: () =>
      new (class extends SumMachine {
        override one(entry: AppliedEntry): number {
          if (entry.command.length > 5) throw new Error('too long');
          return super.one(entry);
        }
      })(),
    says: /a command of \d+ bytes \([0-9a-f]+\) that is none stops it.*too long.*answer it by/,
  },
  'snapshots by a generator': {
    create: () =>
      new (class extends SumMachine {
        override *snapshot(): Generator<Uint8Array, void> {
          for (const chunk of this.chunks()) yield chunk;
        }
      })(),
    says: /applied before its first chunk was drawn, holds another state.*generator function/,
  },
  'snapshots what it goes on writing': {
    create: () => {
      class Shown extends SumMachine {
        readonly #view = new Uint8Array(4096);
        override one(entry: AppliedEntry): number {
          this.#view[0] = (this.#view[0] as number) + 1;
          return super.one(entry);
        }
        override chunks(): Uint8Array[] {
          const chunks = super.chunks();
          const view = this.#view.subarray(0, 3);
          view.set(chunks[0] as Uint8Array);
          return [view, ...chunks.slice(1)];
        }
      }
      return new Shown();
    },
    says: /a chunk of a snapshot changed after it was yielded.*yield a copy/,
  },
  'is changed by its snapshot': {
    create: () =>
      new (class extends SumMachine {
        override snapshot(): Iterator<Uint8Array, void> {
          this.sums.set(1, (this.sums.get(1) ?? 0) + 1);
          return super.snapshot();
        }
      })(),
    says: /two snapshots with no entry between them differ/,
  },
  'locks itself for a snapshot': {
    create: () => {
      class Locked extends SumMachine {
        #drawing = false;
        override one(entry: AppliedEntry): number {
          return this.#drawing ? -2 : super.one(entry);
        }
        override snapshot(): Iterator<Uint8Array, void> {
          const inner = super.snapshot();
          this.#drawing = true;
          return {
            next: () => {
              const next = inner.next();
              if (next.done === true) this.#drawing = false;
              return next;
            },
          };
        }
      }
      return new Locked();
    },
    says: /whose snapshots were ended early answers differently.*let go of what an iterator holds/,
  },
  'yields it all at once': {
    create: () =>
      new (class extends SumMachine {
        override chunks(): Uint8Array[] {
          return [new Uint8Array(1024 * 1024 + 1)];
        }
      })(),
    says: /yielded a chunk of 1048577 bytes; yield at most 1048576/,
  },
  'yields text': {
    create: () =>
      Object.assign(new SumMachine(), {
        snapshot: () => ['a'].values() as unknown as Iterator<Uint8Array, void>,
      }),
    says: /yielded what is no Uint8Array but string/,
  },
  'forgets part of its state': {
    create: () => {
      class Forgetful extends SumMachine {
        #count = 0;
        override one(entry: AppliedEntry): number {
          this.#count += 1;
          return super.one(entry) + 256 * this.#count;
        }
      }
      return new Forgetful();
    },
    says: /restored from a snapshot as of .* answers differently.*write all of the state/,
  },
  'restores in another order': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const chunks: Uint8Array[] = [];
          return {
            chunk: (bytes) => {
              chunks.push(bytes.slice());
            },
            finish: () => {
              const sums = readSums(concatBytes(chunks));
              this.sums = new Map([...sums].sort(([a], [b]) => a - b));
            },
          };
        }
      })(),
    says: /as of \d+ of \d+ entries has another state at once.*bring all of it back in its order/,
  },
  'keeps chunks that are not its own': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const chunks: Uint8Array[] = [];
          return {
            chunk: (bytes) => {
              chunks.push(bytes);
            },
            finish: () => {
              this.sums = readSums(concatBytes(chunks));
            },
          };
        }
      })(),
    says: /restore refused a whole snapshot of .* copy what it keeps of one/,
  },
  'wants chunks as it gave them': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const chunks: Uint8Array[] = [];
          return {
            chunk: (bytes) => {
              if (bytes.length < 3) throw new Error('a chunk has whole counters');
              chunks.push(bytes.slice());
            },
            finish: () => {
              this.sums = readSums(concatBytes(chunks));
            },
          };
        }
      })(),
    says: /refused a whole snapshot of .* in chunks of 1 bytes: a chunk has whole counters/,
  },
  'adds a snapshot to what is there': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const chunks: Uint8Array[] = [];
          return {
            chunk: (bytes) => {
              chunks.push(bytes.slice());
            },
            finish: () => {
              for (const [counter, sum] of readSums(concatBytes(chunks)))
                this.sums.set(counter, sum);
            },
          };
        }
      })(),
    says: /held another state before it was restored.*drop all that was there in finish/,
  },
  'restores before the finish': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const sink = super.restore();
          this.sums = new Map();
          return sink;
        }
      })(),
    says: /changed the state although finish\(\) was not called/,
  },
  'takes half a snapshot': {
    create: () =>
      new (class extends SumMachine {
        override restore(): SnapshotSink {
          const chunks: Uint8Array[] = [];
          return {
            chunk: (bytes) => {
              chunks.push(bytes.slice());
            },
            finish: () => {
              const bytes = concatBytes(chunks);
              const sums = bytes.subarray(3, bytes.length - (bytes.length % 3));
              const { length } = sums;
              const count = length / 3;
              const header = Uint8Array.of(0x53, count & 0xff, count >> 8);
              this.sums = readSums(concatBytes([header, sums]));
            },
          };
        }
      })(),
    says: /restore took \d+ of the \d+ bytes of a snapshot for a whole one; end snapshots with/,
  },
};
