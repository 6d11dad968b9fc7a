import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

describe('the canaries of the ledger', () => {
  // Of each kind one; `npm run sim -- --canaries` plays them all.
  for (const [name, as] of [
    ['credit-is-not-written', /debits are credits/],
    ['retry-moves-money-again', /as by the model|money moves once/],
    ['broken-chain-keeps-an-account', /debits are credits/],
    ['snapshot-rounds-expiries', /check \d+ of the ledger's state|replicas vote for one state/],
    ['snapshot-shows-what-comes-later', /snapshot is the state of its moment|same state/],
    ['slot-of-another-account', /as the model has them|as by the model/],
    ['gathered-row-of-another-transfer', /as the model has them|as by the model/],
    ['remembered-answer-has-no-failures', /answered again as before/],
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
