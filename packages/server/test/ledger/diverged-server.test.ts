import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Line {
  readonly name: string;
  readonly msg: string;
  readonly reason?: string;
  readonly found?: string;
  readonly advice?: string;
}

test('rule 15: a server whose balances are others than most have stops, and all say why', () => {
  const program = fileURLToPath(new URL('./diverging-servers.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  assert.notEqual(stdout, '', stderr);
  const { wrong, halted } = JSON.parse(stdout) as { wrong: string; halted: string };
  assert.equal(halted, wrong);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const saidHalted = lines.filter(({ msg }) => msg === 'node halted');
  assert.deepEqual(
    saidHalted.map(({ name }) => name),
    [wrong],
  );
  assert.match(
    saidHalted[0]?.reason ?? '',
    /^check 1 of the ledger's state gives [0-9a-f]{8} here, and [0-9a-f]{8} at 2 replicas: /,
  );
  assert.match(saidHalted[0]?.reason ?? '', /remove this member and add it anew/);
  for (const name of ['n1', 'n2', 'n3']) {
    if (name === wrong) continue;
    const said = lines.filter((line) => line.name === name);
    assert.ok(said.length >= 1, `${name} tells of it`);
    for (const { msg, found = '', advice = '' } of said) {
      assert.equal(msg, 'replicas do not have the same state');
      // Members as `quorate ledger member list` names them.
      const found64 = /^([0-9a-f]{16}: [0-9a-f]{8}(, |$)){2,3}$/;
      assert.match(found, found64);
      assert.match(advice, /remove it and add it anew/);
    }
  }
});
