import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createElection, type Election, type Leadership } from '../../src/index.ts';
import { Elections, hears, silent, timing } from './elections.ts';
import { freePort } from './free-port.ts';
import { refusal } from './refusal.ts';

interface Elected {
  readonly election: Election;
  readonly leadership: Leadership;
  /** Of the others, which go on waiting. */
  readonly waiting: readonly Promise<Elected>[];
}

async function campaign(election: Election): Promise<Elected> {
  const leadership = await election.campaign();
  return { election, leadership, waiting: [] };
}

/** All campaign, and one is elected. */
async function electedOf(elections: readonly Election[]): Promise<Elected> {
  const campaigns = elections.map((one) => campaign(one));
  const first = await Promise.race(campaigns);
  const waiting = campaigns.filter((_, at) => elections[at] !== first.election);
  // Those that are still waiting when the test ends are told so.
  for (const one of waiting) one.catch(() => undefined);
  return { ...first, waiting };
}

describe('three nodes', () => {
  it('have one leader, of whom all know', async () => {
    await using elections = await Elections.open(3);
    const { election, leadership } = await electedOf(elections.all);
    assert.equal(election.isLeader(), true);
    assert.equal(leadership.isValid(), true);
    assert.ok(leadership.remainingMs > 0 && leadership.remainingMs < 400);
    assert.equal(Buffer.from(leadership.value).toString(), `value ${election.id}`);
    for (const other of elections.all) await hears(other, election.id);
    for (const other of elections.others(election)) {
      assert.equal(other.isLeader(), false);
      assert.equal(other.leadership(), null);
      const leader = other.leader();
      assert.equal(leader?.token, leadership.token);
      assert.equal(leader?.text, `value ${election.id}`);
      assert.equal(leader?.address, elections.peers[election.id]);
      const { isHealthy, isCandidate, voters, quorum } = other.health();
      assert.deepEqual([isHealthy, isCandidate, voters, quorum], [true, true, 3, 2]);
    }
    const members = election.members().map(({ id, role, isLeader }) => [id, role, isLeader]);
    const expected = [1, 2, 3].map((id) => [id, 'voter', id === election.id]);
    assert.deepEqual(members, expected);
  });

  it('have another leader, with a larger token, after one has resigned', async () => {
    await using elections = await Elections.open(3);
    const first = await electedOf(elections.all);
    const told: string[] = [];
    const { election, leadership } = first;
    election.on('lost', ({ token }, reason) => {
      told.push(`lost ${token} ${reason} ${election.isLeader()} ${leadership.signal.aborted}`);
    });
    await leadership.resign();
    assert.deepEqual(told, [`lost ${leadership.token} resigned false true`]);
    assert.equal(leadership.isValid(), false);
    assert.equal(leadership.remainingMs, 0);
    const next = await Promise.race(first.waiting);
    assert.ok(next.leadership.token > leadership.token);
    assert.notEqual(next.election, election);
    await hears(election, next.election.id);
  });

  it('have another leader after one has closed', async () => {
    await using elections = await Elections.open(3);
    const first = await electedOf(elections.all);
    await first.election.close();
    const next = await Promise.race(first.waiting);
    assert.ok(next.leadership.token > first.leadership.token);
    assert.equal(first.election.isLeader(), false);
    await assert.rejects(first.election.campaign(), { code: 'ELECTION_CLOSED' });
  });

  it('hand the lead to the one that is named, and to no stranger', async () => {
    await using elections = await Elections.open(3);
    const { election, leadership } = await electedOf(elections.all);
    const [target, other] = elections.others(election) as [Election, Election];
    for (const [to, problem] of [
      [election.id, /is this node/],
      [7, /is 7, no voter: name one of/],
      [0, /is 0: give a whole number/],
    ] as const) {
      await refusal(election.transferLeadership(to), 'to', problem);
    }
    assert.equal(leadership.isValid(), true);
    await hears(other, election.id);
    await assert.rejects(other.transferLeadership(target.id), {
      code: 'ELECTION_NOT_LEADER',
      metadata: { leader: election.id, address: elections.peers[election.id] },
    });
    await election.transferLeadership(target.id);
    assert.equal(election.isLeader(), false);
    const next = await target.campaign();
    assert.ok(next.token > leadership.token);
    await hears(election, target.id);
  });

  it('tell in order who is elected, who has lost, and who leads', async () => {
    await using elections = await Elections.open(3);
    const told: string[] = [];
    const observed = elections.of(1);
    observed.on('elected', ({ token }) => told.push(`elected ${token} ${observed.isLeader()}`));
    observed.on('lost', ({ token }, reason) => told.push(`lost ${token} ${reason}`));
    observed.on('leader', (leader) => told.push(`leader ${leader?.id ?? 'nobody'}`));
    const first = await observed.campaign();
    const candidate = elections.of(2).campaign();
    await observed.transferLeadership(2);
    const second = await candidate;
    await hears(observed, 2);
    assert.deepEqual(told, [
      `elected ${first.token} true`,
      'leader 1',
      `lost ${first.token} transferred`,
      'leader nobody',
      'leader 2',
    ]);
    assert.ok(second.token > first.token);
  });

  it('see what is proclaimed, the latest at last', async () => {
    await using elections = await Elections.open(3);
    const [one, two] = [elections.of(1), elections.of(2)];
    const leadership = await one.campaign('first');
    const stop = new AbortController();
    const seen: string[] = [];
    for (const text of ['second', 'third']) await leadership.proclaim(text);
    for await (const leader of two.observe({ signal: stop.signal })) {
      if (leader !== null) seen.push(leader.text);
      if (leader?.text === 'third') stop.abort();
    }
    assert.equal(seen.at(-1), 'third');
    assert.deepEqual(Buffer.from(leadership.value).toString(), 'third');
    await assert.rejects(two.proclaim('mine'), { code: 'ELECTION_NOT_LEADER' });
    await assert.rejects(leadership.proclaim('x'.repeat(4097)), {
      code: 'ELECTION_VALUE_TOO_LARGE',
    });
  });

  it('confirm the leader by a quorum, and nobody else', async () => {
    await using elections = await Elections.open(3);
    const [one, two, three] = [elections.of(1), elections.of(2), elections.of(3)];
    const leadership = await one.campaign();
    assert.equal(await one.verifyLeader(), leadership);
    await assert.rejects(two.verifyLeader(), { code: 'ELECTION_NOT_LEADER' });
    await Promise.all([two.close(), three.close()]);
    await assert.rejects(one.verifyLeader());
    assert.equal(one.isLeader(), false);
    assert.equal(leadership.isValid(), false);
    assert.equal(one.leader(), null);
  });

  it('take in a fourth that knows one of them', async () => {
    await using elections = await Elections.open(3);
    const leadership = await elections.of(1).campaign();
    const listen = `127.0.0.1:${await freePort()}`;
    const join = [elections.peers[2] ?? ''];
    await using fourth = await createElection({
      id: 4,
      join,
      listen,
      dataDir: null,
      timing,
      log: silent,
    });
    await hears(fourth, 1);
    assert.equal(fourth.leader()?.token, leadership.token);
    assert.ok(fourth.members().some(({ id }) => id === 4));
  });
});
