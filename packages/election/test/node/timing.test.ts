import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Elections, hears, timing } from './elections.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const other = { ...timing, electionTimeoutMs: 2 * timing.electionTimeoutMs };

describe('nodes that were given different times', { timeout: 60_000 }, () => {
  it('stop themselves as soon as another leads by other times, and the others go on', async () => {
    const halted = Promise.withResolvers<Error>();
    await using elections = await Elections.open(3, (id) =>
      id === 3 ? { timing: other, onHalt: halted.resolve } : {},
    );
    const [one, three] = [elections.of(1), elections.of(3)];
    const leadership = await one.campaign();
    const error = (await halted.promise) as Error & { code: string; metadata: object };
    assert.equal(error.code, 'ELECTION_TIMING_DIFFERS');
    assert.deepEqual(error.metadata, {
      leader: 1,
      own: { electionTimeoutMs: 800, clockDriftPpm: 10_000 },
      leaders: { electionTimeoutMs: 400, clockDriftPpm: 10_000 },
    });
    assert.match(error.message, /node 1 leads with electionTimeoutMs 400 and maxClockDrift 0.01/);
    await assert.rejects(three.campaign(), { code: 'ELECTION_CLOSED' });
    assert.equal(await one.verifyLeader(), await one.campaign());
    assert.ok(one.leadership() !== null && leadership.token > 0n);
  });

  it('tell so to whoever campaigns', async () => {
    const halted = Promise.withResolvers<Error>();
    await using elections = await Elections.open(3, (id) =>
      id === 3 ? { timing: { ...timing, maxClockDrift: 0.02 }, onHalt: halted.resolve } : {},
    );
    const two = elections.of(2);
    // It cannot lead before it has heard that this one does.
    await two.campaign();
    const campaign = elections.of(3).campaign();
    await assert.rejects(campaign, ({ code }: Error & { code?: string }) => {
      return code === 'ELECTION_TIMING_DIFFERS' || code === 'ELECTION_CLOSED';
    });
    assert.equal(((await halted.promise) as { code?: string }).code, 'ELECTION_TIMING_DIFFERS');
    assert.equal(two.isLeader(), true);
  });

  it('may all be started again with others', async () => {
    using directory = temporaryDirectory();
    const dataDir = (id: number): { dataDir: string } => ({ dataDir: `${directory.path}/${id}` });
    let token = 0n;
    for (const given of [timing, other, timing]) {
      await using elections = await Elections.open(3, (id) => ({ ...dataDir(id), timing: given }));
      const leadership = await elections.of(1).campaign();
      assert.ok(leadership.token > token);
      token = leadership.token;
      for (const election of elections.all) await hears(election, 1);
    }
  });
});
