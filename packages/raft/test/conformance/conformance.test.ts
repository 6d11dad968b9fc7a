import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseCases } from './parse-cases.ts';
import { runCases } from './run-cases.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

describe('our own cases', () => {
  for (const name of readdirSync(join(here, 'cases'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.txt')) continue;
    it(`pass: ${name}`, () => {
      const { passed, failures } = runCases(readFileSync(join(here, 'cases', name), 'utf8'));
      assert.deepEqual(failures, []);
      assert.ok(passed > 10);
    });
  }
});

describe('the grammar of case files', () => {
  it('has comments, blank lines, arguments, input and output', () => {
    const text =
      '\n# note\n  cmd  flag a=b c=(1, 2,_) d=()\nx y\n\n# no input\n z\n----\nout\n put\n\n';
    assert.deepEqual(parseCases(text), [
      {
        line: 3,
        command: 'cmd',
        args: [
          { key: 'flag', values: [] },
          { key: 'a', values: ['b'] },
          { key: 'c', values: ['1', '2', '_'] },
          { key: 'd', values: [] },
        ],
        input: ['x y', 'z'],
        expected: ['out', ' put'],
      },
    ]);
  });

  it('continues a directive behind a backslash, also within a list', () => {
    const [directive] = parseCases('cmd a=(1, \\\n  2,\\\n3) \\\n b=4\n----\n5');
    assert.deepEqual(directive, {
      line: 1,
      command: 'cmd',
      args: [
        { key: 'a', values: ['1', '2', '3'] },
        { key: 'b', values: ['4'] },
      ],
      input: [],
      expected: ['5'],
    });
  });

  it('lets a doubled separator hold blank lines and single separators', () => {
    const text = 'one\n----\n----\na\n\n----\nb\n----\n----\ntwo\n----\nc\n';
    const expected = parseCases(text).map((one) => ('expected' in one ? one.expected : one));
    assert.deepEqual(expected, [['a', '', '----', 'b'], ['c']]);
  });

  it('takes lines that end as on Windows', () => {
    const text = '# note\r\nsimple\r\nv1\r\n----\r\nvoters=(1)\r\n1: StateProbe match=0 next=1\r\n';
    assert.deepEqual(runCases(text), { passed: 1, failures: [] });
  });

  it('reports what does not follow it, with the line', () => {
    for (const [text, line, problem] of [
      ['\nvote cfg=(1\n----\nVoteWon', 2, /cannot read 'cfg=\(1'/],
      ['vote cfg=(1))\n----\nVoteWon', 1, /cannot read/],
      ['vote', 1, /ends before '----'/],
      ['vote \\', 1, /ends before '----'/],
      ['vote\n----\n----\nVoteWon\n----\n', 1, /ends before a doubled '----'/],
      ['vote=1\n----\nVoteWon', 1, /does not begin with a command/],
    ] as const) {
      const [found] = parseCases(text);
      assert.ok(found !== undefined && 'problem' in found, text);
      assert.equal(found.line, line);
      assert.match(found.problem, problem);
      assert.equal(runCases(text).failures.length, 1);
    }
  });
});

describe('a case', () => {
  function got(text: string): string | undefined {
    const [failure] = runCases(text).failures;
    if (failure === undefined) return undefined;
    return 'problem' in failure ? failure.problem : failure.got;
  }

  it('fails when something else was expected', () => {
    const text = 'vote\n----\nVoteWon\n\n# note\nvote cfg=(1) votes=(y)\n----\nVoteLost\n';
    assert.deepEqual(runCases(text), {
      passed: 1,
      failures: [{ line: 6, wanted: 'VoteLost', got: 'VoteWon' }],
    });
    for (const [directive, wrong] of [
      ['committed cfg=(1) idx=(12)', '2'],
      ['committed cfg=(1) idx=(12)', '112'],
      ['committed cfg=(1) idx=(12)', '-12'],
      ['committed cfg=(1) idx=(12)', '12\n>  12 (id=1)'],
      ['committed cfg=(1) idx=(12)', ''],
      ['committed', '0'],
      ['simple\nv1', 'voters=(1)'],
      ['simple\nv1', 'voters=(1)\n1: StateProbe match=0 next=2'],
      ['simple\nv1', ' voters=(1)\n1: StateProbe match=0 next=1'],
      ['simple\nl1', ''],
    ]) {
      assert.equal(runCases(`${directive}\n----\n${wrong}\n`).failures.length, 1, wrong);
    }
  });

  it('fails when it asks for what there is not', () => {
    for (const [text, error] of [
      ['elect\n----\n', /no command 'elect'/],
      ['vote cfg=(1)\n----\n', /0 values for 1 voters/],
      ['vote cfg=(1) votes=(y,n)\n----\n', /2 values for 1 voters/],
      ['vote cfg=(1) votes=(x)\n----\n', /'x' is no vote/],
      ['vote cfg=(1) idx=(1)\n----\n', /no argument 'idx'/],
      ['vote cfg=(1) cfg=(1) votes=(y)\n----\n', /cfg occurs twice/],
      ['committed cfg=(1, zero) idx=(1, 2)\n----\n', /'zero' is not a safe integer/],
      ['committed cfg=(1, 1) idx=(1, 2)\n----\n', /an id occurs twice/],
      ['committed cfg=(1) idx=(9007199254740992)\n----\n', /not a safe integer/],
      ['simple\nx1\n----\n', /'x1' is no change/],
      ['simple autoleave=true\nv1\n----\n', /no argument 'autoleave'/],
      ['enter-joint autoleave=yes\nv1\n----\n', /autoleave is true or false/],
      ['leave-joint\nv1\n----\n', /leave-joint has no input/],
    ] as const) {
      assert.match(got(text) ?? 'passed', error);
    }
  });

  it('counts a failed command in the last index, and changes nothing by it', () => {
    const failing = 'simple\nl1\n----\nremoved all voters\n\n'.repeat(3);
    const text = `${failing}simple\nv1\n----\nvoters=(1)\n1: StateProbe match=0 next=3\n`;
    assert.deepEqual(runCases(text), { passed: 4, failures: [] });
  });

  it('that cannot be run is a failure among others', () => {
    const good = 'vote\n----\nVoteWon\n\n';
    assert.deepEqual(runCases(`${good}elect\n----\n\n${good}vote cfg=(1\n----\nVoteWon\n`), {
      passed: 2,
      failures: [
        { line: 5, problem: "there is no command 'elect'" },
        { line: 12, problem: "cannot read 'cfg=(1'" },
      ],
    });
  });

  it('of which there is none means that this is no case file', () => {
    for (const [text, line, why] of [
      ['', 1, 'there is no directive'],
      ['# only a note\n', 1, 'there is no directive'],
      ['# A title\n\nProse, and more.\n', 3, "the file ends before '----'"],
      ['# A title\n\nProse\n----\nmore\n', 3, "there is no command 'Prose'"],
      ['See [this](that)\n----\n', 1, "cannot read '[this](that)'"],
      ['vote\n----\nVoteWon\n\n\0\u0007', 5, 'there is a zero byte'],
      [`\u0007(${'x'.repeat(100)}\n----\n`, 1, `cannot read '\ufffd(${'x'.repeat(58)}...'`],
    ] as const) {
      const problem = `this is no case file: ${why}`;
      assert.deepEqual(runCases(text), { passed: 0, failures: [{ line, problem }] });
    }
  });
});
