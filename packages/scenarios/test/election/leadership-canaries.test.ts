import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

describe('the canaries of the election', () => {
  // Those that few seeds catch; `npm run sim -- --canaries` plays them all.
  for (const [name, as] of [
    ['leader-by-its-role', /one leader/],
    ['lead-accepted-in-another-term', /granted to who leads the term/],
    ['old-token-is-accepted', /an old token counts for nothing/],
    ['token-is-the-term', /tokens rise/],
  ] as const) {
    it(`${name} is caught`, () => {
      const args = [bin, '--canary', name, '--seeds', '60'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout, new RegExp(`canary ${name} caught by seed \\d+`));
      assert.match(stdout, as);
      assert.match(stdout, /again: {2}npm run sim -- --seed \d+ .*--trace/);
    });
  }
});
