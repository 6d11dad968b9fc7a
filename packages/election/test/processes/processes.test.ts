import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defaultElectionTiming } from '../../src/index.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';
import { Candidates } from './candidates.ts';
import { CpuLoad } from './cpu-load.ts';
import type { Told } from './told.ts';

/** Acts come every 4 ms at most, so these last longer than twice the lease of 200 ms. */
const actsOfTwoLeases = 110;

function check({ judge, crashes }: Candidates): void {
  assert.deepEqual([...judge.problems(), ...crashes], []);
}

/** What was told of this leadership, but for its acts. */
function ofLeadership(told: readonly Told[], token: bigint): readonly string[] {
  return told.filter((one) => one.token === token).map(({ what }) => what);
}

describe('processes', { timeout: 240_000 }, () => {
  const directory = temporaryDirectory();
  // One cluster for all: what a test leaves behind, the next one has to bear.
  let candidates: Candidates;

  before(async () => {
    candidates = await Candidates.start(3, directory.path);
  });

  after(async () => {
    await candidates[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  it('that stood still for twice the lease while leading do not act when they go on', async () => {
    const { id, token } = await candidates.commandLeader({ kind: 'stop' });
    const next = await candidates.acts(actsOfTwoLeases, token);
    assert.notEqual(next.id, id);
    const told = candidates.record();
    const woken = candidates.next((one) => one.id === id && one.what === 'leads no more');
    candidates.signal(id, 'SIGCONT');
    await woken;
    await candidates.acts(actsOfTwoLeases, token);
    assert.deepEqual(ofLeadership(told, token), ['lost', 'leads no more']);
    check(candidates);
  });

  it('that kept their event loop have lost by the first look after it', async () => {
    const told = candidates.record();
    const { id, token } = await candidates.commandLeader({ kind: 'block', forMs: 1000 });
    const since = told.length;
    await candidates.next((one) => one.id === id && one.what === 'leads no more');
    await candidates.leader(token);
    assert.deepEqual(ofLeadership(told.slice(since), token), ['lost', 'leads no more']);
    check(candidates);
  });

  it('that stood still between a look and the act are stopped by the fence', async () => {
    const { id, token } = await candidates.commandLeader({ kind: 'act late' });
    await candidates.leader(token);
    const refused = candidates.judge.refusedActs;
    const act = candidates.next((one) => one.id === id && one.what === 'acts late');
    candidates.signal(id, 'SIGCONT');
    assert.equal((await act).token, token);
    assert.equal(candidates.judge.refusedActs, refused + 1);
    check(candidates);
  });

  it('that are stopped from outside at any moment never lead beside another', async () => {
    let leader = await candidates.leader();
    for (let round = 0; round < 3; round++) {
      candidates.signal(leader.id, 'SIGSTOP');
      const next = await candidates.acts(30, leader.token);
      candidates.signal(leader.id, 'SIGCONT');
      leader = next;
    }
    check(candidates);
  });

  it('that get too little of the processor never lead beside another', async () => {
    const { token } = await candidates.leader();
    using _ = new CpuLoad(4);
    await candidates.acts(60, token - 1n);
    check(candidates);
  });

  it('that are killed are followed by another, and come back under newer tokens', async () => {
    let leader = await candidates.leader();
    for (let round = 0; round < 2; round++) {
      await candidates.kill(leader.id);
      const next = await candidates.acts(3, leader.token);
      assert.notEqual(next.id, leader.id);
      await candidates.startOne(leader.id);
      leader = next;
    }
    check(candidates);
  });

  it('that are all killed go on to newer tokens, not before votes are given', async () => {
    const { token } = await candidates.acts(10);
    await candidates.killAll();
    const elected = candidates.next(({ what }) => what === 'elected');
    const opened = await candidates.startAll();
    const began = opened.map(({ fromNs }) => fromNs).sort((a, b) => Number(a - b));
    const next = await elected;
    assert.ok(next.token > token, `${next.token} is newer than ${token}`);
    // A majority had to be there for an election timeout.
    const refusedNs = BigInt(defaultElectionTiming.electionTimeoutMs) * 1_000_000n;
    assert.ok(next.atNs >= (began[1] ?? 0n) + refusedNs, 'nobody leads before votes are given');
    check(candidates);
  });

  it('of which one has lost its directory never make it the leader, and go on', async () => {
    const { id, token } = await candidates.acts(30);
    await candidates.kill(id);
    candidates.loseDirectory(id);
    const next = await candidates.leader(token);
    const told = candidates.record();
    await candidates.startOne(id);
    await candidates.acts(actsOfTwoLeases, token);
    assert.notEqual(next.id, id);
    const elected = told.filter((one) => one.what === 'elected' && one.id === id);
    assert.deepEqual(elected, []);
    check(candidates);
  });
});
