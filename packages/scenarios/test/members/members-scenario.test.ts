import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runMembersScenario } from './members-scenario.ts';
import { plantedMistakes } from './planted-mistakes.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe('changes of members through the service, under faults', () => {
  it('leave nothing half done, keep what was acknowledged, and bring nobody back', () => {
    const done = new Map<string, number>();
    for (const seed of [1, 2, 3]) {
      const { violation, done: some } = runMembersScenario(seed);
      assert.equal(violation, null, `seed ${seed}`);
      for (const [what, times] of some) done.set(what, (done.get(what) ?? 0) + times);
    }
    for (const what of ['add', 'remove', 'update']) assert.ok((done.get(what) ?? 0) > 0, what);
  });

  it('are the same run for the same seed', () => {
    assert.equal(runMembersScenario(5).hash, runMembersScenario(5).hash);
  });

  it('find an id that is given away twice', () => {
    const { violation } = runMembersScenario(1, { drawsIdsAgain: true });
    assert.match(violation?.message ?? '', /removed for good: node \d+ is back/);
  });

  for (const { name, as, file, find } of plantedMistakes) {
    it(`find ${name}`, () => {
      const source = readFileSync(pathOf(`../../../${file}`), 'utf8');
      assert.equal(source.split(find).length - 1, 1, `${file} has changed: mend the mistake`);
      const args = ['--import', pathOf('plant.ts'), pathOf('play.ts'), '12'];
      const env = { ...process.env, QUORATE_MISTAKE: name };
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        env,
      });
      assert.equal(status, 1, stdout + stderr);
      assert.match(stdout, as);
    });
  }
});
