import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../run/run-command.ts';
import { checkTree } from '../tidy/check-tree.ts';
import { formatProblem } from '../tidy/problem.ts';
import { readTree } from '../tidy/tree.ts';

test('this house obeys its own rules', () => {
  const problems = checkTree(readTree(ROOT)).map(formatProblem);
  assert.equal(problems.length, 0, problems.join('\n'));
});

test('STYLE.md gives the reason for every rule, and every rule has a test', () => {
  const style = readFileSync(join(ROOT, 'STYLE.md'), 'utf8');
  const tests = readdirSync(join(ROOT, 'tools/test/rules'));
  for (const file of readdirSync(join(ROOT, 'tools/tidy/rules'))) {
    const name = file.replace(/\.ts$/, '');
    assert.ok(style.includes(`\`tidy: ${name}\``), `STYLE.md does not name tidy: ${name}`);
    assert.ok(tests.includes(`${name}.test.ts`), `tools/test/rules has no ${name}.test.ts`);
  }
});
