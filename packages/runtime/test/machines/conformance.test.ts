import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkSimpleStateMachine,
  checkStateMachine,
  globalTripwires,
  StateMachineUnfit,
} from '../../conformance/index.ts';
import { encodeSessionCommand } from '../../src/sessions/session-command.ts';
import { SessionStateMachine } from '../../src/sessions/session-state-machine.ts';
import { TallyMachine, textResults } from '../sessions/support/tally-machine.ts';
import { Bank, bankCommands } from './support/bank.ts';
import { SumMachine, sumCommands } from './support/sum-machine.ts';
import { wrongMachines } from './support/wrong-machines.ts';

function unfit(check: () => void): StateMachineUnfit {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof StateMachineUnfit, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was found fit' });
}

describe('the suite for state machines', () => {
  it('finds nothing wrong with one that keeps the contract', () => {
    checkStateMachine({ create: () => new SumMachine(), commands: sumCommands });
  });

  it('finds nothing wrong with client sessions', () => {
    checkStateMachine({
      create: () => new SessionStateMachine(new TallyMachine(), { results: textResults }),
      commands: (count, seed) =>
        Array.from({ length: count }, (_, at) => {
          const command = new TextEncoder().encode(`client ${seed} sends ${at % 7}`);
          if (at % 9 === 0)
            return encodeSessionCommand({ kind: 'openSession', ttlMs: 5000, nonce: command });
          return encodeSessionCommand({
            kind: 'inSession',
            session: 1,
            sequence: 1 + (at >> 1),
            acknowledgedBelow: 1 + (at >> 2),
            command,
          });
        }),
    });
  });

  it('finds nothing wrong with a simple one', () => {
    checkSimpleStateMachine({ create: () => new Bank(), commands: bankCommands });
  });

  for (const [does, { create, says }] of Object.entries(wrongMachines)) {
    it(`finds one that ${does}, and says what to do`, () => {
      const { message, failures } = unfit(() =>
        checkStateMachine({ create, commands: sumCommands }),
      );
      assert.ok(
        failures.some(({ problem }) => says.test(problem)),
        message,
      );
    });
  }

  it('finds a query that changes the state', () => {
    class Counting extends Bank {
      override query(): never {
        this.lastMicros += 1;
        return null as never;
      }
    }
    const { message } = unfit(() =>
      checkSimpleStateMachine({
        create: () => new Counting(),
        commands: bankCommands,
        queries: ['any'],
      }),
    );
    assert.match(
      message,
      /query\("any"\) changed the state: state\.lastMicros was \d+ and is \d+;/,
    );
  });

  it('names the field in which simple states differ', () => {
    class Forgetful extends Bank {
      override fromJSON(state: unknown): void {
        super.fromJSON(state);
        this.lastMicros = 0;
      }
    }
    const { message } = unfit(() =>
      checkSimpleStateMachine({ create: () => new Forgetful(), commands: bankCommands }),
    );
    assert.match(message, /has another state at once: state\.lastMicros is \d+ and 0;/);
  });

  it('finds a simple one that gives what is no JSON', () => {
    class Mapped extends Bank {
      override toJSON(): unknown {
        return { accounts: this.accounts };
      }
    }
    const { message } = unfit(() =>
      checkSimpleStateMachine({ create: () => new Mapped(), commands: bankCommands }),
    );
    assert.match(message, /state\.accounts is a Map, which cannot be replicated as JSON/);
  });

  it('wants commands that depend on the seed alone', () => {
    let count = 0;
    const { message } = unfit(() =>
      checkStateMachine({
        create: () => new SumMachine(),
        commands: (length) => Array.from({ length }, () => Uint8Array.of(0, 0, ++count)),
      }),
    );
    assert.match(message, /commands\(100, 1\) gave others when asked again/);
  });

  it('wants a new state machine each time', () => {
    const only = new SumMachine();
    const { message } = unfit(() =>
      checkStateMachine({ create: () => only, commands: sumCommands }),
    );
    assert.match(message, /create gave the same state machine twice/);
  });

  it('lets through what it is told to', () => {
    class Rooted extends SumMachine {
      override apply(entries: Parameters<SumMachine['apply']>[0]): readonly number[] {
        return super.apply(entries).map((sum) => Math.cbrt(sum));
      }
    }
    const create = () => new Rooted();
    assert.match(unfit(() => checkStateMachine({ create, commands: sumCommands })).message, /cbrt/);
    checkStateMachine({ create, commands: sumCommands, allowedGlobals: ['Math.cbrt'] });
  });
});

describe('tripwires on globals', () => {
  const uses: Readonly<Record<string, () => unknown>> = {
    'Date.now': () => Date.now(),
    'new Date()': () => new Date(),
    'Date.prototype.getHours': () => new Date(0).getHours(),
    'Math.random': () => Math.random(),
    'Math.exp': () => Math.exp(1),
    'performance.now': () => performance.now(),
    'crypto.randomUUID': () => crypto.randomUUID(),
    'process.env': () => process.env['PATH'],
    'process.hrtime': () => process.hrtime(),
    'String.prototype.localeCompare': () => 'a'.localeCompare('b'),
    'Number.prototype.toLocaleString': () => (1).toLocaleString(),
    'Intl.Collator': () => new Intl.Collator(),
    queueMicrotask: () => queueMicrotask(() => undefined),
  };

  for (const [name, use] of Object.entries(uses)) {
    it(`note ${name}, and only between arm and disarm`, () => {
      const tripwires = globalTripwires();
      use();
      tripwires.arm();
      const value = use();
      const used = tripwires.disarm();
      assert.ok(used.includes(name), used.join());
      assert.equal(typeof value, typeof use());
      tripwires.arm();
      assert.deepEqual(tripwires.disarm(), []);
    });
  }

  it('let through what is the same everywhere', () => {
    const tripwires = globalTripwires();
    tripwires.arm();
    const date = new Date(1_700_000_000_000);
    const values = [date.toISOString(), Math.max(1, 2), Date.UTC(2020, 1), date.getUTCHours()];
    const isDate = date instanceof Date;
    const used = tripwires.disarm();
    assert.deepEqual(used, []);
    assert.ok(isDate);
    assert.equal(values.join(' '), '2023-11-14T22:13:20.000Z 2 1580515200000 22');
  });

  it('leave every global as it was', () => {
    const keys = ['Date', 'Math', 'Intl', 'performance', 'crypto', 'process'] as const;
    const look = (): unknown[] =>
      keys.flatMap((key) => {
        const holder: object = globalThis[key];
        const own = Object.getOwnPropertyDescriptor(globalThis, key);
        return [own, Object.getOwnPropertyDescriptors(holder)].map((shape) =>
          Object.entries(shape ?? {}).map(([name, value]) => `${name} ${String(value)}`),
        );
      });
    const before = look();
    const tripwires = globalTripwires();
    tripwires.arm();
    tripwires.disarm();
    assert.deepEqual(look(), before);
    assert.equal(Object.hasOwn(performance, 'now'), false);
  });
});
