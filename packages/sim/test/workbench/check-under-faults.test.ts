import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkUnderFaults, SimError, type WorkbenchRun } from '../../src/index.ts';
import {
  type Add,
  addCommand,
  askCount,
  Counter,
  counting,
  Sum,
  seenCommand,
  sumCommand,
} from './machines.ts';

const counter = { create: () => new Counter(), commands: addCommand, queries: askCount };

/** A state machine that is found to be wrong after a while. */
class Tired extends Counter {
  override apply({ add }: Add): number {
    this.count = Math.min(this.count + add, 200);
    return this.count;
  }
}
const tired = { ...counter, create: () => new Tired(), model: counting };

function errorOf(check: () => unknown): SimError {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof SimError, String(error));
    return error;
  }
  assert.fail('nothing was thrown');
}

const invalid = (field: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SimError && error.code === 'SIM_OPTIONS_INVALID', String(error));
  assert.equal((error as SimError<'SIM_OPTIONS_INVALID'>).metadata.field, field);
  assert.match(error.message, message);
  return true;
};

describe('a check under faults', () => {
  it('passes what is right, with work, faults and restored copies', () => {
    const report = checkUnderFaults({
      ...counter,
      model: counting,
      invariant: (machine) => (machine.query('count') < 0 ? 'it is negative' : null),
      seeds: 8,
    });
    assert.equal(report.runs, 8);
    assert.ok(report.acknowledged > 500 && report.reads > 200 && report.restored > 5);
    assert.ok(report.faults.size > 5);
    assert.ok(report.undecided <= 2);
  });

  it('passes what is right in the full form, and with other numbers of nodes', () => {
    const sum = { create: () => new Sum(), commands: sumCommand };
    for (const nodes of [1, 5]) {
      const report = checkUnderFaults({
        ...sum,
        queries: () => 'total' as const,
        model: {
          initial: 0,
          apply: (total, [add = 0]) => ({ state: total + add, result: total + add }),
          query: (total) => total,
        },
        nodes,
        seeds: 2,
      });
      assert.ok(report.acknowledged > 10);
    }
  });

  it('passes one whose snapshots may say the same in several ways, when told so', () => {
    let drawn = 0;
    class Padded extends Sum {
      override snapshot(): Iterator<Uint8Array, void> {
        const [bytes] = [...{ [Symbol.iterator]: () => super.snapshot() }];
        drawn += 1;
        return [Uint8Array.of(...(bytes ?? []), drawn & 255)][Symbol.iterator]();
      }
    }
    const padded = { create: () => new Padded(), commands: sumCommand, seeds: 2 };
    const { message } = errorOf(() => checkUnderFaults(padded));
    assert.match(message, /replicas are equal: .* the snapshot, 5 and 5 bytes long, at byte 4 is/);
    drawn = 0;
    class Told extends Padded {
      override snapshot(): Iterator<Uint8Array, void> {
        return drawn % 2 === 0 ? super.snapshot() : Sum.prototype.snapshot.call(this);
      }
    }
    checkUnderFaults({ ...padded, create: () => new Told(), snapshotBytes: 'mayDiffer' });
  });

  it('takes a model apart by the objects that operations are about', () => {
    const tally = { create: () => new Tally(), commands: seenCommand, queries: seenCommand };
    const report = checkUnderFaults({
      ...tally,
      model: {
        initial: 0,
        apply: (count) => ({ state: count + 1, result: count + 1 }),
        query: (count) => count,
        objectOf: (input) => (input.kind === 'command' ? input.command.key : input.query.key),
      },
      seeds: 3,
    });
    assert.equal(report.undecided, 0);
  });

  it('plays the same run again, event for event', () => {
    const runs: WorkbenchRun[] = [];
    const onRun = (run: WorkbenchRun): void => void runs.push(run);
    checkUnderFaults({ ...counter, seeds: 3, onRun });
    for (const [at, seed] of [1, 2, 3].entries()) {
      checkUnderFaults({ ...counter, seed, onRun });
      assert.equal(runs.at(-1)?.hash, runs[at]?.hash);
      assert.equal(runs.at(-1)?.events, runs[at]?.events);
    }
    assert.notEqual(runs[0]?.hash, runs[1]?.hash);
  });

  it('gives a failure that plays again by its seed and by its plan', () => {
    const first = errorOf(() => checkUnderFaults(tired)) as SimError<'SIM_RUN_FAILED'>;
    const { seed, plan, hash } = first.metadata;
    assert.match(first.message, /^the state machine does not hold under faults\nmodel: command/);
    assert.ok(first.message.includes(`again:  checkUnderFaults({ ..., seed: ${seed} })`));
    assert.match(first.message, /n\d applies \d+ \{"add":\d\} = \d+/);
    for (const again of [{ seed }, { plan }]) {
      const error = errorOf(() => checkUnderFaults({ ...tired, ...again }));
      assert.deepEqual((error as SimError<'SIM_RUN_FAILED'>).metadata.hash, hash);
    }
  });

  it('shrinks a failure, and says how to play what is left', () => {
    const fails = { ...tired, firstSeed: 2 };
    const { strikes: drawn } = countsOf(errorOf(() => checkUnderFaults(fails)));
    const shrunk = errorOf(() => checkUnderFaults({ ...fails, shrink: true }));
    const { metadata, message } = shrunk as SimError<'SIM_RUN_FAILED'>;
    assert.equal(metadata.property, 'model');
    assert.ok(drawn > 0);
    const { strikes, clients } = countsOf(shrunk);
    assert.equal(strikes, 0);
    assert.ok(message.includes(` runs; strikes: 0, clients: ${clients}\n`));
    const again = errorOf(() => checkUnderFaults({ ...tired, plan: metadata.plan }));
    assert.equal((again as SimError<'SIM_RUN_FAILED'>).metadata.hash, metadata.hash);
  });

  it('says so when a run cannot be played again', () => {
    class Lucky extends Counter {
      override apply({ add }: Add): number {
        this.count += add + Math.random();
        return this.count;
      }
    }
    const allowedGlobals = ['Math.random'];
    const { message } = errorOf(() =>
      checkUnderFaults({ ...counter, create: () => new Lucky(), allowedGlobals }),
    );
    assert.match(message, /\nplayed again it went another way: something other than the seed/);
  });

  it('refuses what it cannot check, by the name of the option', () => {
    class Silent extends Counter {
      override readonly query = undefined as never;
    }
    const one = new Counter();
    for (const [options, field, message] of [
      [{ nodes: 0 }, 'nodes', /option nodes is 0: give a whole number from 1 to 9/],
      [{ seeds: 1.5 }, 'seeds', /is 1\.5/],
      [{ seed: -1 }, 'seed', /is -1/],
      [{ plan: 'seed=1' }, 'plan', /cannot be read: the plan has no nodes: give one as/],
      [{ create: () => ({}) as Counter }, 'create', /no state machine: give apply, toJSON/],
      [{ create: () => one }, 'create', /the same object twice/],
      [{ create: () => new Silent() }, 'queries', /has no method query/],
      [{ commands: () => ({ add: Math.random() }) }, 'commands', /again with the same prng: draw/],
    ] as const) {
      assert.throws(() => checkUnderFaults({ ...counter, ...options }), invalid(field, message));
    }
  });

  it('has no patience with promises', () => {
    const service = () => ({ command: async () => undefined });
    const { message, code } = errorOf(() => checkUnderFaults({ ...counter, service }));
    assert.equal(code, 'SIM_OPTIONS_INVALID');
    assert.match(message, /option service gave a promise for a command: call back through done/);
  });

  it('counts what the state machine refuses, and goes on', () => {
    const commands = addCommand;
    class Picky extends Counter {
      checkCommand(command: unknown): void {
        if ((command as Add).add > 5) throw new Error('too much at once');
      }
    }
    const report = checkUnderFaults({ create: () => new Picky(), commands, seeds: 2 });
    assert.ok(report.acknowledged > 10);
    class Refusing extends Counter {
      checkCommand(): void {
        throw new Error('never');
      }
    }
    const { message } = errorOf(() =>
      checkUnderFaults({ create: () => new Refusing(), commands, seed: 2 }),
    );
    assert.match(
      message,
      /no command was acknowledged \(refused: \d+ with RUNTIME_COMMAND_REFUSED\)/,
    );
  });
});

/** Counts keys, each for itself. */
class Tally {
  #counts = new Map<string, number>();

  apply({ key }: { readonly key: string }): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }

  query({ key }: { readonly key: string }): number {
    return this.#counts.get(key) ?? 0;
  }

  toJSON(): unknown {
    return [...this.#counts];
  }

  fromJSON(state: unknown): void {
    this.#counts = new Map(state as [string, number][]);
  }
}

function countsOf(error: SimError): { readonly strikes: number; readonly clients: number } {
  const { plan } = (error as SimError<'SIM_RUN_FAILED'>).metadata;
  const strikes = /strikes=(.*)$/.exec(plan)?.[1]?.split(',').length ?? 0;
  return { strikes, clients: Number(/clients=(\d+)/.exec(plan)?.[1]) };
}
