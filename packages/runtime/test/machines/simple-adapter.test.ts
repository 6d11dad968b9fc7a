import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { adaptSimple } from '../../src/machines/simple-adapter.ts';
import { appliedResult } from '../../src/machines/simple-result.ts';
import { isSimpleStateMachine } from '../../src/machines/simple-state-machine.ts';
import { Bank } from './support/bank.ts';
import { Account, errorOf, Notes } from './support/notes.ts';
import { entriesOf, SumMachine } from './support/sum-machine.ts';

const text = new TextEncoder();

function adapted(answer?: (command: unknown) => unknown) {
  const machine = new Notes();
  if (answer !== undefined) machine.answer = answer;
  return { machine, adapter: adaptSimple(machine) };
}

function cyclic(): unknown {
  const account: Record<string, unknown> = { name: 'anna' };
  return { accounts: [{ owner: { account } }, Object.assign(account, { self: account })] };
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe('a command of a simple state machine', () => {
  const refused: readonly [string, unknown, string, RegExp][] = [
    ['undefined', undefined, 'command', /command is undefined.*leave the field out, or use null/],
    ['a field that is undefined', { a: { b: undefined } }, 'command.a.b', /is undefined/],
    [
      'a hole in an array',
      { list: Object.assign([1], { 2: 3 }) },
      'command.list[1]',
      /is undefined/,
    ],
    ['NaN', { amount: Number.NaN }, 'command.amount', /is NaN/],
    ['infinity', [1, -1 / 0], 'command[1]', /is -Infinity/],
    ['a bigint', { 'two words': 1n }, 'command["two words"]', /a bigint.*2\^53 - 1, or text/],
    ['a function', { run: () => 1 }, 'command.run', /a function/],
    ['a symbol', { kind: Symbol('put') }, 'command.kind', /a symbol/],
    ['a Map', { accounts: new Map() }, 'command.accounts', /a Map.*spread it into an array/],
    ['a Set', new Set(), 'command', /a Set/],
    ['a Date', { at: [new Date(0)] }, 'command.at[0]', /a Date/],
    ['bytes', { value: new Uint8Array(3) }, 'command.value', /a Uint8Array/],
    ['an object of a class', { account: new Account() }, 'command.account', /an Account.*plain/],
    ['an error', { error: new Error('x') }, 'command.error', /an Error/],
    ['a promise', { value: Promise.resolve(1) }, 'command.value', /a Promise/],
    ['a boxed number', { value: Object(1) }, 'command.value', /a Number/],
    ['a cycle', cyclic(), 'command.accounts[0].owner.account.self', /account itself, a cycle/],
    ['great depth', nested(129), 'command[0][0][0]', /more than 128 levels deep/],
  ];

  for (const [what, command, path, says] of refused) {
    it(`may not hold ${what}, and is told where`, () => {
      const error = errorOf(() => adapted().adapter.encodeCommand(command));
      assert.equal(error.code, 'RUNTIME_COMMAND_NOT_JSON');
      assert.equal((error.metadata as { path: string }).path, path);
      assert.match(error.message, says);
    });
  }

  it('may be any JSON, and arrives as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const { adapter, machine } = adapted();
        const expected: unknown = JSON.parse(JSON.stringify(value));
        const [result] = adapter.apply(entriesOf([adapter.encodeCommand(value)]));
        assert.deepEqual(machine.notes, [expected]);
        assert.deepEqual(result, { kind: 'applied', result: expected });
      }),
    );
  });

  it('may have __proto__ as a name and becomes no prototype of anything', () => {
    const { adapter, machine } = adapted();
    const command = JSON.parse('{"__proto__":{"isAdmin":true}}') as Record<string, unknown>;
    const [result] = adapter.apply(entriesOf([adapter.encodeCommand(command)]));
    assert.equal(JSON.stringify(machine.notes), '[{"__proto__":{"isAdmin":true}}]');
    assert.equal((appliedResult(result as never) as { isAdmin?: boolean }).isAdmin, undefined);
    assert.equal((machine.notes[0] as { isAdmin?: boolean }).isAdmin, undefined);
  });

  it('may be 128 levels deep', () => {
    const { adapter } = adapted();
    const [result] = adapter.apply(entriesOf([adapter.encodeCommand(nested(128))]));
    assert.equal(result?.kind, 'applied');
  });

  it('is refused before it is proposed when checkCommand throws', () => {
    const adapter = adaptSimple(new Bank());
    const command = { kind: 'deposit', to: 'anna', amount: 1.5 } as const;
    const error = errorOf(() => adapter.encodeCommand(command));
    assert.equal(error.code, 'RUNTIME_COMMAND_REFUSED');
    assert.match(
      error.message,
      /does not take the command: amount is no whole number; nothing was/,
    );
    assert.ok(error.cause instanceof Error);
  });
});

describe('a log with entries that are no commands', () => {
  it('is applied to its end: each is answered as refused, the same on every replica', () => {
    const junk = [
      '',
      '{',
      'nonsense',
      '\ufeff1',
      '['.repeat(200_000),
      `${'['.repeat(129)}${']'.repeat(129)}`,
      'null',
      '7',
      '{"kind":"deposit","to":"anna"}',
      '{"kind":"deposit","to":["anna"],"amount":1}',
    ].map((one) => text.encode(one));
    junk.push(Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22));
    const machine = new Bank();
    const adapter = adaptSimple(machine);
    const results = adapter.apply(entriesOf(junk));
    assert.deepEqual([...new Set(results.map(({ kind }) => kind))], ['refused']);
    assert.deepEqual(machine.toJSON(), { accounts: [], lastMicros: 0 });
    const reasons = results.map((result) => (result.kind === 'refused' ? result.reason : ''));
    assert.equal(reasons[0], 'the command is not JSON of at most 128 levels in UTF-8');
    assert.equal(reasons[5], reasons[0]);
    // What the engine says differs between its versions, and results are replicated.
    assert.equal(reasons[6], 'checkCommand threw a TypeError');
    assert.equal(reasons[8], 'amount is no whole number');
    assert.throws(() => appliedResult(results[0] as never), { code: 'RUNTIME_COMMAND_REFUSED' });
  });

  it('is applied whatever bytes it holds', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array(),
            fc.json().map((json) => text.encode(json)),
          ),
        ),
        (commands) => {
          const [one, other] = [adaptSimple(new Bank()), adaptSimple(new Bank())];
          const entries = entriesOf(commands);
          const results = one.apply(entries);
          assert.deepEqual(
            results,
            entries.flatMap((entry) => other.apply([entry])),
          );
        },
      ),
    );
  });

  it('refuses depth that is only in its brackets, and takes brackets within text', () => {
    const { adapter } = adapted();
    const command = { text: `"\\${'['.repeat(1000)}`, list: Array(200).fill([]) };
    const [result] = adapter.apply(entriesOf([adapter.encodeCommand(command)]));
    assert.deepEqual(result, { kind: 'applied', result: command });
  });
});

describe('a result of a simple state machine', () => {
  it('is as it was when the command was applied, whatever comes later', () => {
    const balance = { anna: 0 };
    const { adapter } = adapted(() => {
      balance.anna += 1;
      return balance;
    });
    const command = adapter.encodeCommand(null);
    const results = adapter.apply(entriesOf([command, command])).map(appliedResult);
    assert.deepEqual(results, [{ anna: 1 }, { anna: 2 }]);
  });

  it('may be nothing, and may leave fields undefined', () => {
    const answers = [undefined, { value: undefined, ok: true }];
    const { adapter } = adapted(() => answers.shift());
    const command = adapter.encodeCommand(null);
    const results = adapter.apply(entriesOf([command, command])).map(appliedResult);
    assert.deepEqual(results, [undefined, { ok: true }]);
  });

  it('that is no JSON stops the replica and names entry and field', () => {
    const { adapter } = adapted(() => ({ accounts: new Map() }));
    const error = errorOf(() => adapter.apply(entriesOf([adapter.encodeCommand(null)], 41)));
    assert.equal(error.code, 'RUNTIME_MACHINE_NOT_JSON');
    assert.deepEqual(error.metadata, { path: 'result.accounts', found: 'a Map', index: 42 });
  });

  it('that is a promise stops the replica and names the entry', async () => {
    const { adapter } = adapted(() => Promise.reject(new Error('nobody hears this')));
    const error = errorOf(() => adapter.apply(entriesOf([adapter.encodeCommand(null)], 41)));
    assert.equal(error.code, 'RUNTIME_MACHINE_ASYNC');
    assert.deepEqual(error.metadata, { method: 'apply', index: 42 });
    await new Promise(setImmediate);
  });

  it('is kept by sessions and comes back as it was', () => {
    fc.assert(
      fc.property(fc.option(fc.jsonValue(), { nil: undefined }), (value) => {
        const { adapter } = adapted(() => value);
        const [result] = adapter.apply(entriesOf([adapter.encodeCommand(null)]));
        const bytes = adapter.results.encode(result as never);
        assert.deepEqual(adapter.results.decode(bytes), result);
      }),
    );
    const refused = { kind: 'refused', reason: 'no such account: "çelik"' } as const;
    const { results } = adaptSimple(new Bank());
    assert.deepEqual(results.decode(results.encode(refused)), refused);
  });

  it('instead of an exception: that stops the replica and names the entry in the batch', () => {
    const { adapter } = adapted((command) => {
      if (command === 2) throw new Error('insufficient funds');
      return null;
    });
    const commands = [1, 2, 3].map((command) => adapter.encodeCommand(command));
    const error = errorOf(() => adapter.apply(entriesOf(commands, 10)));
    assert.equal(error.code, 'RUNTIME_MACHINE_THREW');
    assert.deepEqual(error.metadata, { method: 'apply', firstIndex: 11, lastIndex: 13, index: 12 });
    assert.match(error.message, /apply threw at entry 12: insufficient funds; mend it, and answer/);
    assert.equal((error.cause as Error).message, 'insufficient funds');
  });
});

describe('a query of a simple state machine', () => {
  it('is answered by a copy, so that nobody changes the state through it', () => {
    const state = { anna: [1] };
    const { adapter } = adapted(() => state);
    const answer = adapter.query(null) as typeof state;
    answer.anna.push(2);
    assert.deepEqual(state, { anna: [1] });
  });

  it('may not be answered by what is no JSON, nor by a promise', () => {
    assert.throws(() => adapted(() => new Map()).adapter.query(null), {
      code: 'RUNTIME_MACHINE_NOT_JSON',
    });
    assert.throws(() => adapted(() => Promise.resolve(1)).adapter.query(null), {
      code: 'RUNTIME_MACHINE_ASYNC',
    });
  });

  it('gives what it throws to the asker', () => {
    const { adapter } = adapted(() => {
      throw new RangeError('no such page');
    });
    assert.throws(() => adapter.query(null), new RangeError('no such page'));
  });
});

describe('the two forms of a state machine', () => {
  it('are told apart by their methods', () => {
    assert.ok(isSimpleStateMachine(new Bank()));
    assert.ok(!isSimpleStateMachine(new SumMachine()));
    assert.ok(!isSimpleStateMachine(adaptSimple(new Bank())));
    assert.ok(!isSimpleStateMachine({ apply: () => 1 }));
    const both = Object.assign(new SumMachine(), { toJSON: () => 1, fromJSON: () => 1 });
    assert.ok(!isSimpleStateMachine(both));
  });
});
