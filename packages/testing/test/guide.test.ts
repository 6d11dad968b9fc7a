import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../../..');
const vitestWords = pathToFileURL(join(import.meta.dirname, 'vitest-words.ts')).href;

/** One program of all examples: their imports together, and a suite of each of them. */
function programOf(examples: readonly string[]): string {
  const wholes = new Set<string>();
  const names = new Map<string, Set<string>>();
  const suites = examples.map((code, at) => {
    const body = code.replace(/^import (.*) from '(.*)';\n/gm, (whole, what: string, from) => {
      if (what.startsWith('{')) {
        const known = names.get(from) ?? new Set();
        names.set(from, known);
        for (const name of what.slice(1, -1).split(',')) known.add(name.trim());
      } else wholes.add(whole);
      return '';
    });
    return `suite('example ${at + 1}', () => {\n${body}});\n`;
  });
  names.get('node:test')?.add('suite');
  // Both have one, and they mean the same.
  names.get('vitest')?.delete('test');
  const imports = [...names].map(([from, some]) => {
    return `import { ${[...some].join(', ')} } from '${from === 'vitest' ? vitestWords : from}';\n`;
  });
  return [...wholes, ...imports, ...suites].join('');
}

test('every example of the guide does what it says', async () => {
  const guide = readFileSync(join(root, 'docs/guides/testing.md'), 'utf8');
  const examples = [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
  const count = examples.join('').match(/^test\(/gm)?.length;
  // From where all packages are found.
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '--test-reporter=spec', '-e', programOf(examples)],
    {
      cwd: root,
      // Or it would speak to the runner of this test.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await once(child, 'close');
  assert.equal(child.exitCode, 0, output);
  assert.match(output, new RegExp(`pass ${count}$`, 'm'));
});
