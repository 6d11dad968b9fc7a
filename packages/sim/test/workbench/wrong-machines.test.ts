import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AppliedEntry } from '@quorate/base';
import { checkUnderFaults, SimError } from '../../src/index.ts';
import {
  type Add,
  addCommand,
  askCount,
  Counter,
  counting,
  RecentKeys,
  Sum,
  seenCommand,
  sumCommand,
} from './machines.ts';

/** What a check under faults says of something wrong. */
function failureOf(check: () => unknown): SimError<'SIM_RUN_FAILED'> {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof SimError && error.code === 'SIM_RUN_FAILED', String(error));
    return error as SimError<'SIM_RUN_FAILED'>;
  }
  assert.fail('nothing wrong was found');
}

const failureOfCounter = (create: () => Counter): SimError<'SIM_RUN_FAILED'> =>
  failureOf(() => checkUnderFaults({ create, commands: addCommand, queries: askCount }));

describe('a wrong state machine', () => {
  it('that draws at random is told so', () => {
    class Lucky extends Counter {
      override apply({ add }: Add): number {
        this.count += Math.random() < 0.5 ? add : 0;
        return this.count;
      }
    }
    const { message, metadata } = failureOfCounter(() => new Lucky());
    assert.equal(metadata.property, 'apply is pure');
    assert.match(message, /apply used Math\.random for command \d+, \{"add":\d\}: that is not/);
  });

  it('that looks at a clock is told so', () => {
    class Dated extends Counter {
      override apply({ add }: Add): number {
        this.count = new Date().getFullYear() + add;
        return add;
      }
    }
    assert.match(failureOfCounter(() => new Dated()).message, /apply used new Date\(\), Date/);
  });

  it('that rests on what the process remembers is found by its answers', () => {
    let applied = 0;
    class Forked extends Counter {
      override apply(): number {
        applied += 1;
        return applied;
      }
    }
    const { message, metadata } = failureOfCounter(() => new Forked());
    assert.equal(metadata.property, 'deterministic apply');
    assert.match(message, /node \d answered command \d+, \{"add":\d\}, with \d+; a copy that was/);
    assert.match(message, /variables outside the state machine/);
  });

  it('whose snapshot forgets a field is found once it was restored', () => {
    class Forgetful extends Counter {
      #times = 0;

      override apply({ add }: Add): number {
        this.#times += 1;
        this.count += add;
        return this.#times;
      }
    }
    const { message, metadata } = failureOfCounter(() => new Forgetful());
    assert.equal(metadata.property, 'deterministic apply');
    assert.match(message, /Node \d was restored from a snapshot before: look for state that the/);
  });

  it('that does not take back all of its snapshot is found as it is restored', () => {
    class Deaf extends Counter {
      override fromJSON(state: unknown): void {
        super.fromJSON(state);
        this.count = Math.min(this.count, 7);
      }
    }
    const { message, metadata } = failureOfCounter(() => new Deaf());
    assert.equal(metadata.property, 'a snapshot brings back the state');
    assert.match(
      message,
      /gives another snapshot than it was restored from: state\.count is \d+ and 7/,
    );
  });

  it('whose order hangs on whether it was restored is found by what it does next', () => {
    class Sorted extends RecentKeys {
      override toJSON(): unknown {
        return [...this.keys].sort(([a], [b]) => (a < b ? -1 : 1));
      }
    }
    const failure = failureOf(() =>
      checkUnderFaults({ create: () => new Sorted(), commands: seenCommand }),
    );
    assert.equal(failure.metadata.property, 'deterministic apply');
    assert.match(failure.message, /bring back in the same order/);
  });

  it('whose query changes it is found', () => {
    class Counted extends Counter {
      override query(): number {
        this.count += 1;
        return this.count;
      }
    }
    const { metadata } = failureOfCounter(() => new Counted());
    assert.match(metadata.property, /^(replicas are equal|deterministic apply|linearizability)$/);
  });

  it('that does other than its model is found at the first command', () => {
    class Tired extends Counter {
      override apply({ add }: Add): number {
        this.count = Math.min(this.count + add, 100);
        return this.count;
      }
    }
    const { message, metadata } = failureOf(() =>
      checkUnderFaults({ create: () => new Tired(), commands: addCommand, model: counting }),
    );
    assert.equal(metadata.property, 'model');
    assert.match(message, /command \d+, \{"add":\d\}, was answered with 100, which the model does/);
    assert.match(message, /not allow in the state \d+\n/);
  });

  it('that breaks its invariant is found at the first command', () => {
    const { message, metadata } = failureOf(() =>
      checkUnderFaults({
        create: () => new Counter(),
        commands: addCommand,
        invariant: (counter) => (counter.query('count') > 50 ? 'more than 50 were counted' : null),
      }),
    );
    assert.equal(metadata.property, 'invariant');
    assert.match(message, /after command \d+, \{"add":\d\}: more than 50 were counted/);
  });

  it('that throws, or gives a promise, breaks its contract', () => {
    class Thrower extends Counter {
      override apply(command: Add, entry: { index: number; timestampMicros: number }): number {
        if (this.count > 20) throw new Error('too much');
        return super.apply(command, entry);
      }
    }
    const thrown = failureOfCounter(() => new Thrower());
    assert.equal(thrown.metadata.property, 'contract');
    assert.match(thrown.message, /on node \d, .*apply threw .*too much/);
    const { cause } = (thrown.cause as Error).cause as Error;
    assert.ok(cause instanceof Error && cause.message === 'too much');
    class Later extends Counter {
      override apply(): never {
        return Promise.resolve(1) as never;
      }
    }
    assert.match(failureOfCounter(() => new Later()).message, /promise/);
  });

  it('that takes a command on one replica and refuses it on another is found', () => {
    let asked = 0;
    class Moody extends Counter {
      checkCommand(): void {
        asked += 1;
        if (asked % 7 === 0) throw new Error('not now');
      }
    }
    const { message, metadata } = failureOfCounter(() => new Moody());
    assert.equal(metadata.property, 'deterministic apply');
    assert.match(message, /with (\d+; .*|RUNTIME_COMMAND_REFUSED; a copy)/);
  });

  it('whose results hang on batches is found', () => {
    class Batched extends Sum {
      override apply(entries: readonly AppliedEntry[]): readonly number[] {
        const results = super.apply(entries);
        return results.map(() => this.total);
      }
    }
    const failure = failureOf(() =>
      checkUnderFaults({ create: () => new Batched(), commands: sumCommand }),
    );
    assert.equal(failure.metadata.property, 'deterministic apply');
    assert.match(failure.message, /answered command \d+, 1 bytes [0-9a-f]{2}, with \d+; a copy/);
  });
});

describe('a wrong service', () => {
  const counter = { create: () => new Counter(), commands: addCommand, queries: askCount };

  it('that answers before the command is committed breaks linearizability', () => {
    const { message, metadata } = failureOf(() =>
      checkUnderFaults({
        ...counter,
        model: counting,
        service: (node) => ({
          command: ({ add }, done) => {
            const expected = node.machine.query('count') + add;
            node.propose({ add }, () => undefined);
            done({ kind: 'done', value: expected });
          },
          query: (query, done) => node.read(query, done),
        }),
      }),
    );
    assert.equal(metadata.property, 'linearizability');
    assert.match(message, /client \d+ (sends|asks) .* cannot be explained/);
  });

  it('that reads its own copy without asking breaks linearizability', () => {
    const { metadata } = failureOf(() =>
      checkUnderFaults({
        ...counter,
        model: counting,
        service: (node) => ({
          command: (command, done) => node.propose(command, done),
          query: (query, done) => done({ kind: 'done', value: node.machine.query(query) }),
        }),
      }),
    );
    assert.equal(metadata.property, 'linearizability');
  });

  it('that sends a command of unknown outcome again breaks linearizability', () => {
    const { metadata } = failureOf(() =>
      checkUnderFaults({
        ...counter,
        model: counting,
        firstSeed: 17,
        service: (node) => ({
          command: (command, done) => {
            const send = (left: number): void =>
              node.propose(command, (outcome) => {
                if (outcome.kind === 'done' || left === 0) done(outcome);
                else node.after(20, () => send(left - 1));
              });
            send(50);
          },
          query: (query, done) => node.read(query, done),
        }),
      }),
    );
    assert.equal(metadata.property, 'linearizability');
  });

  it('that never answers makes no progress', () => {
    const { message, metadata } = failureOf(() =>
      checkUnderFaults({ ...counter, service: () => ({ command: () => undefined }) }),
    );
    assert.equal(metadata.property, 'progress');
    assert.match(message, /no command was acknowledged, \d+ ms after all faults had ended/);
  });
});
