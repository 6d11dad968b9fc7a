import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseModel } from '../model/directives.ts';
import { jobsOf, judge } from '../model/jobs.ts';
import { ROOT } from '../run/run-command.ts';

const FOLDER = join(ROOT, 'models');
const SOURCES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.pml'))
  .map((file) => ({
    name: file.slice(0, -4),
    source: readFileSync(join(FOLDER, file), 'utf8'),
  }));
const PAGE = readFileSync(join(ROOT, 'docs/internals/model-checking.md'), 'utf8');

test('a model says how it is run, what breaks it and what must be reached', () => {
  const model = parseModel(
    'door',
    [
      '/*',
      ' *: search breadth',
      ' *: run ci -DTERMS=2',
      ' *: run full -DTERMS=3 -DDEEP',
      ' *: mutant unlocked oneInside,neverStuck -DUNLOCKED',
      ' *  The door is left',
      ' *  unlocked.',
      ' *: probe opened -DPROBE_OPENED',
      ' */',
    ].join('\n'),
  );
  assert.deepEqual(model, {
    name: 'door',
    search: 'breadth',
    runs: [
      { size: 'ci', flags: ['-DTERMS=2'] },
      { size: 'full', flags: ['-DTERMS=3', '-DDEEP'] },
    ],
    mutants: [
      {
        name: 'unlocked',
        invariants: ['oneInside', 'neverStuck'],
        flags: ['-DUNLOCKED'],
        about: 'The door is left unlocked.',
      },
    ],
    probes: [{ name: 'opened', flags: ['-DPROBE_OPENED'], about: '' }],
  });
});

test('what is no directive is refused with its line', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    [' *: rum ci -DA', /door\.pml:2: no directive/],
    [' *: run some -DA', /door\.pml:2: a run is ci or full/],
    [' *: run ci TERMS=2', /door\.pml:2: 'TERMS=2' is no flag/],
    [' *: run ci -DA;ls', /door\.pml:2: '-DA;ls' is no flag/],
    [' *: search depth', /door\.pml:2: write search breadth/],
  ];
  for (const [line, error] of refused) {
    assert.throws(() => parseModel('door', `/*\n${line}\n */`), error);
  }
});

test('every model has runs of both sizes, mutants, and probes against vacuity', () => {
  assert.ok(SOURCES.length >= 5);
  for (const { name, source } of SOURCES) {
    const { runs, mutants, probes } = parseModel(name, source);
    assert.deepEqual(new Set(runs.map((run) => run.size)), new Set(['ci', 'full']), name);
    assert.ok(mutants.length >= 5, name);
    assert.ok(probes.length >= 2, name);
    for (const { name: what, about } of [...mutants, ...probes]) assert.notEqual(about, '', what);
  }
});

test('a flag of a model changes it, and what catches a mutant is asserted there', () => {
  for (const { name, source } of SOURCES) {
    const code = source.slice(source.indexOf('*/'));
    const { runs, mutants, probes } = parseModel(name, source);
    for (const flag of [...runs, ...mutants, ...probes].flatMap((what) => what.flags)) {
      const word = /^-D(\w+)/.exec(flag)?.[1] ?? '';
      const used = new RegExp(`#(ifdef|ifndef|if|elif) .*\\b${word}\\b`);
      assert.match(code, used, `${name}: ${flag} changes nothing`);
    }
    for (const invariant of mutants.flatMap((mutant) => mutant.invariants)) {
      assert.match(code, new RegExp(`assert\\(${invariant}\\)`), `${name}: ${invariant}`);
    }
  }
});

test('the page on model checking names every model, mutant and invariant', () => {
  for (const { name, source } of SOURCES) {
    const { mutants } = parseModel(name, source);
    const names = [...source.matchAll(/assert\((\w+)\)/g)].map((match) => match[1] ?? '');
    for (const word of [name, ...mutants.map((mutant) => mutant.name), ...names]) {
      if (word === 'probe') continue;
      assert.ok(PAGE.includes(`\`${word}\``), `${name}: ${word} is not on the page`);
    }
  }
});

test('a run must hold, a mutant be caught by what it breaks, and both be seen to the end', () => {
  const source = ' *: run ci -DA\n *: mutant open oneInside -DOPEN\n';
  const [run, mutant] = jobsOf(parseModel('door', source), 'ci');
  assert.ok(run !== undefined && mutant !== undefined);
  const explored = { states: 1, depth: 1, violated: null, complete: true, trace: '' };
  assert.equal(judge(run, explored), null);
  assert.equal(judge(run, { ...explored, violated: 'oneInside' }), 'oneInside is violated');
  assert.match(judge(run, { ...explored, complete: false }) ?? '', /before every state was seen/);
  assert.equal(judge(mutant, { ...explored, violated: 'oneInside' }), null);
  assert.match(judge(mutant, explored) ?? '', /nothing is violated, and oneInside should be/);
  assert.match(
    judge(mutant, { ...explored, violated: 'neverStuck' }) ?? '',
    /neverStuck is violated, and oneInside should be/,
  );
});
