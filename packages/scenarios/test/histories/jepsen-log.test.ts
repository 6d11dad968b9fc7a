import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedLine, parseJepsenLog } from '../../src/histories/jepsen-log.ts';
import { parseVerdicts } from '../../src/histories/verdicts.ts';

function log(...lines: readonly string[]): string {
  return lines.map((line) => `INFO  jepsen.util - ${line.replaceAll(' :', '\t:')}\n`).join('');
}

describe('a log of Jepsen', () => {
  it('becomes operations at the numbers of their lines', () => {
    const text = log(
      '0 :invoke :write 3',
      '1 :invoke :read nil',
      '0 :ok :write 3',
      '1 :ok :read -3',
      '1 :invoke :cas [3 nil]',
      '1 :fail :cas [3 nil]',
    );
    assert.deepEqual(parseJepsenLog(text), [
      {
        kind: 'completed',
        client: 0,
        input: { kind: 'write', value: 3 },
        output: { kind: 'write' },
        callAt: 1,
        returnAt: 3,
      },
      {
        kind: 'completed',
        client: 1,
        input: { kind: 'read' },
        output: { kind: 'read', value: -3 },
        callAt: 2,
        returnAt: 4,
      },
      {
        kind: 'completed',
        client: 1,
        input: { kind: 'cas', expected: 3, value: null },
        output: { kind: 'cas', succeeded: false },
        callAt: 5,
        returnAt: 6,
      },
    ]);
  });

  it('has open operations: timed out one way or another, or with no end', () => {
    const text = log(
      '0 :invoke :write 1',
      '0 :info :write :timed-out',
      '1 :invoke :cas [1 2]',
      '1 :fail :cas :timed-out',
      '2 :invoke :write 3',
      '2 :info :write 3',
      '3 :invoke :read nil',
      '3 :fail :read :timed-out',
      '4 :invoke :write 5',
    );
    const operations = parseJepsenLog(text);
    assert.deepEqual(
      operations.map(({ kind, client, callAt }) => [kind, client, callAt]),
      [
        ['open', 0, 1],
        ['open', 1, 3],
        ['open', 2, 5],
        ['open', 3, 7],
        ['open', 4, 9],
      ],
    );
  });

  it('leaves out what failed for certain, and a read that failed', () => {
    const text = log(
      '0 :invoke :write 1',
      '0 :fail :write 1',
      '0 :invoke :read nil',
      '0 :fail :read nil',
    );
    assert.deepEqual(parseJepsenLog(text), []);
  });

  it('may have no prefix, blank lines, lines of the nemesis, remarks, and other line ends', () => {
    const call = '0 :invoke :write 1 :hint 0';
    const text = ['', call, ':nemesis :info :start nil', '', '0 :ok :write 1 :hint 12', ''].join(
      '\r\n',
    );
    const [operation, ...others] = parseJepsenLog(text);
    assert.equal(others.length, 0);
    assert.equal(operation?.callAt, 2);
    assert.equal(operation.kind === 'completed' && operation.returnAt, 5);
  });

  const malformed: [string, readonly string[], number, RegExp][] = [
    ['words', ['hello there'], 1, /not an event/],
    ['an operation that is not known', ['0 :invoke :append 1'], 1, /not an event/],
    ['a call of a read with a value', ['0 :invoke :read 1'], 1, /called with nil/],
    ['a value that is no integer', ['0 :invoke :write x'], 1, /'x' is neither nil nor/],
    ['a value too large to be exact', ['0 :invoke :write 9007199254740993'], 1, /15 digits/],
    ['a cas without a pair', ['0 :invoke :cas 1'], 1, /'1' is not a pair/],
    ['an answer to nothing', ['0 :ok :read 1'], 1, /process 0 has no read under way/],
    ['an answer to another', ['0 :invoke :read nil', '0 :ok :write 1'], 2, /no write under way/],
    ['an answer with another value', ['0 :invoke :write 1', '0 :ok :write 2'], 2, /line 1 has 1/],
    ['an answer without its value', ['0 :invoke :read nil', '0 :ok :read'], 2, /not an event/],
    ['a read that is ok but timed out', ['0 :invoke :read nil', '0 :ok :read :timed-out'], 2, /ok/],
    ['two calls at once', ['0 :invoke :read nil', '0 :invoke :read nil'], 2, /read of line 1/],
  ];
  for (const [what, lines, line, message] of malformed) {
    it(`is refused with ${what}, naming the line`, () => {
      assert.throws(
        () => parseJepsenLog(log(...lines)),
        (error) =>
          error instanceof MalformedLine && error.line === line && message.test(error.message),
      );
    });
  }
});

describe('a table of verdicts', () => {
  it('has a row for each file', () => {
    const verdicts = parseVerdicts('file\tlinearizable\na.log\ttrue\nb.log\tfalse\n');
    assert.deepEqual(
      [...verdicts],
      [
        ['a.log', true],
        ['b.log', false],
      ],
    );
  });

  for (const [what, text, line] of [
    ['no head line', 'a.log\ttrue\n', 1],
    ['another verdict', 'file\tlinearizable\na.log\tmaybe\n', 2],
    ['another number of fields', 'file\tlinearizable\na.log\ttrue\tindeed\n', 2],
    ['two rows for a file', 'file\tlinearizable\na.log\ttrue\na.log\ttrue\n', 3],
  ] as const) {
    it(`is refused with ${what}, naming the line`, () => {
      assert.throws(
        () => parseVerdicts(text),
        (error) => error instanceof MalformedLine && error.line === line,
      );
    });
  }
});
