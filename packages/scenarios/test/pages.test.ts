import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { nemeses } from '@quorate/sim';
import { canaries } from '../src/canaries/registry.ts';

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

describe('the pages about the simulator', () => {
  const page = read('docs/internals/simulator.md');

  it('name every nemesis', () => {
    for (const { name } of nemeses) assert.ok(page.includes(`\`${name}\``), name);
  });

  it('have a row for each canary, and for none besides', () => {
    const rows = page.matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \| (?:\d+|-) \|$/gm);
    const named = [...rows].map(([, name]) => name);
    assert.deepEqual(
      named,
      canaries.map(({ name }) => name),
    );
  });

  it('lead from the table of invariants to each that the simulator checks', () => {
    const table = read('docs/reference/invariants.md');
    const all = read('packages/sim/src/invariants/all.ts');
    const files = [...all.matchAll(/^import \{.*'\.\/(.*)';$/gm)].map(([, file]) => file);
    assert.ok(files.length >= 10);
    for (const file of files) {
      assert.ok(table.includes(`(../../packages/sim/src/invariants/${file})`), file);
    }
  });
});
