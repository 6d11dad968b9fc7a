import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Elections } from '../node/elections.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { patientTiming, removeDead, until, voters } from './watching.ts';

describe('a node that was removed as dead', () => {
  it('stays out if it may not come back, or if its directory is new', async () => {
    using directory = temporaryDirectory();
    await using elections = await Elections.open(5, (id) => ({
      dataDir: `${directory.path}/${id}`,
      timing: patientTiming,
      removeDead,
      rejoin: false,
    }));
    const [one, two, three] = [elections.of(1), elections.of(2), elections.of(3)] as const;
    const left = [one, two, three];
    await Promise.all([elections.of(4).close(), elections.of(5).close()]);
    await until(() => left.every((node) => voters(node) === '1 2 3'));
    rmSync(`${directory.path}/5`, { recursive: true });
    const back = [await elections.start(4), await elections.start(5, { rejoin: true })];
    await until(() => back.every((node) => node.health().membership === 'out'));
    for (const node of back) {
      assert.equal(node.health().isHealthy, false);
      assert.equal(node.isLeader(), false);
    }
    assert.equal(voters(one), '1 2 3');
    assert.equal(voters(two), '1 2 3');
    await two.campaign();
  });
});
