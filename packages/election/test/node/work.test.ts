import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Leadership } from '../../src/index.ts';
import { Elections } from './elections.ts';

/** Until the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((fulfil) => {
    if (signal.aborted) fulfil();
    else signal.addEventListener('abort', () => fulfil(), { once: true });
  });
}

describe('withLeadership', () => {
  it('gives what the work gave, under a valid leadership, and resigns afterwards', async () => {
    await using elections = await Elections.open(1);
    const election = elections.of(1);
    const tokens: bigint[] = [];
    const result = await election.withLeadership(async (signal, leadership) => {
      tokens.push(leadership.token);
      assert.equal(election.isLeader() && leadership.isValid() && !signal.aborted, true);
      await leadership.proclaim('at work');
      return leadership.term;
    });
    assert.equal(typeof result, 'number');
    assert.equal(election.isLeader(), false);
    const failure = new Error('no luck');
    await assert.rejects(
      election.withLeadership(async (_, { token }) => {
        tokens.push(token);
        throw failure;
      }),
      failure,
    );
    assert.equal(election.isLeader(), false);
    assert.ok((tokens[1] ?? 0n) > (tokens[0] ?? 0n));
  });

  it('does not resign while other work, or who called campaign, holds the leadership', async () => {
    await using elections = await Elections.open(1);
    const election = elections.of(1);
    const first = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = election.withLeadership(async () => {
      begun.resolve();
      await first.promise;
    });
    await begun.promise;
    await election.withLeadership(async () => undefined);
    assert.equal(election.isLeader(), true);
    first.resolve();
    await slow;
    assert.equal(election.isLeader(), false);
    const kept = await election.campaign();
    await election.withLeadership(async () => undefined);
    assert.equal(kept.isValid(), true);
  });

  it('is aborted, and ends, before another node begins', async () => {
    await using elections = await Elections.open(3);
    const order: string[] = [];
    const begun = Promise.withResolvers<number>();
    const again = Promise.withResolvers<void>();
    let working = 0;
    let most = 0;
    const works = elections.all.map(async (election) => {
      try {
        await election.withLeadership(async (signal) => {
          working += 1;
          most = Math.max(most, working);
          order.push(`begin ${election.id}`);
          if (order.length === 1) begun.resolve(election.id);
          else again.resolve();
          await aborted(signal);
          // Its last act takes a few turns.
          for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
          order.push(`end ${election.id}`);
          working -= 1;
        });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'done';
    });
    const first = await begun.promise;
    await elections.of(first).close();
    await again.promise;
    assert.deepEqual(order.slice(0, 2), [`begin ${first}`, `end ${first}`]);
    assert.equal(await works[first - 1], 'ELECTION_LEADERSHIP_LOST');
    await Promise.all(elections.all.map((one) => one.close()));
    await Promise.all(works);
    assert.equal(most, 1);
  });

  it('is waited for by resign, but no longer than was said', async () => {
    await using elections = await Elections.open(1, () => ({ workEndsWithinMs: 30 }));
    const election = elections.of(1);
    const never = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const work = election.withLeadership(async () => {
      begun.resolve();
      return never.promise;
    });
    await begun.promise;
    await election.resign();
    assert.equal(election.isLeader(), false);
    never.resolve('late');
    await assert.rejects(work, { code: 'ELECTION_LEADERSHIP_LOST' });
  });

  it('is done again after a loss, if asked to, but not after it was given up', async () => {
    await using elections = await Elections.open(3);
    const election = elections.of(1);
    const leaderships: Leadership[] = [];
    const twice = Promise.withResolvers<void>();
    const work = election.withLeadership(
      async (signal, leadership) => {
        if (leaderships.push(leadership) === 2) twice.resolve();
        else void election.transferLeadership();
        await aborted(signal);
        throw new Error('an end of its own');
      },
      { again: true },
    );
    work.catch(() => undefined);
    await twice.promise;
    const [first, second] = leaderships as [Leadership, Leadership];
    assert.ok(second.token > first.token);
    assert.equal(first.isValid(), false);
    await second.resign();
    await assert.rejects(work, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ELECTION_LEADERSHIP_LOST');
      assert.equal((error.cause as Error).message, 'an end of its own');
      return true;
    });
  });

  it('ends with its signal: the campaign, or the work and then the leadership', async () => {
    await using elections = await Elections.open(3);
    const [one, two] = [elections.of(1), elections.of(2)];
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const work = one.withLeadership(
      async (signal) => {
        begun.resolve();
        await aborted(signal);
        return one.isLeader();
      },
      { signal: stop.signal, again: true },
    );
    await begun.promise;
    const giveUp = new AbortController();
    const waiting = two.withLeadership(async () => undefined, { signal: giveUp.signal });
    const reason = new Error('given up');
    giveUp.abort(reason);
    await assert.rejects(waiting, reason);
    assert.equal(two.health().isCandidate, false);
    stop.abort();
    assert.equal(await work, true);
    assert.equal(one.isLeader(), false);
    await assert.rejects(two.campaign('', { signal: giveUp.signal }), reason);
  });
});

describe('a campaign that waits', () => {
  it('ends when the node resigns, and when it closes', async () => {
    await using elections = await Elections.open(3);
    await elections.of(1).campaign();
    const [two, three] = [elections.of(2), elections.of(3)];
    const resigned = assert.rejects(two.campaign(), { code: 'ELECTION_RESIGNED' });
    const closed = assert.rejects(three.campaign(), { code: 'ELECTION_CLOSED' });
    await two.resign();
    await three.close();
    await Promise.all([resigned, closed]);
    assert.equal(elections.of(1).isLeader(), true);
  });
});
