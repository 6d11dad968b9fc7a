import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ElectionObserver } from '../../src/index.ts';
import { Elections } from '../node/elections.ts';
import { addressesOf, addressOf, observing, sees, seesLead, until } from './observing.ts';
import { Silence } from './silence.ts';

describe('an observer', () => {
  it('knows who leads, what that one says, and that nobody does', async () => {
    await using elections = await Elections.open(3);
    await using observer = await observing({ from: addressesOf(elections) });
    assert.equal(observer.leader(), null);
    const told: (string | null)[] = [];
    observer.on('leader', (leader) => told.push(leader?.text ?? null));
    const first = await elections.of(2).campaign();
    const leader = await seesLead(observer, elections.of(2));
    assert.deepEqual(observer.leader(), leader);
    const { token, term } = first;
    const value = new Uint8Array(Buffer.from('value 2'));
    const address = elections.peers[2];
    assert.deepEqual(leader, { id: 2, address, token, term, value, text: 'value 2' });
    await first.proclaim('another');
    await sees(observer, (one) => one?.text === 'another');
    await first.resign();
    await sees(observer, (one) => one === null);
    const next = await elections.of(3).campaign();
    assert.equal((await seesLead(observer, elections.of(3))).token, next.token);
    assert.deepEqual(told, ['value 2', 'another', null, 'value 3']);
    const { isHealthy, depth, source, staleForMs, term: known } = observer.health();
    assert.deepEqual([isHealthy, depth, known], [true, 1, next.term]);
    assert.ok(addressesOf(elections).includes(source));
    assert.ok(staleForMs >= 0 && Number.isFinite(staleForMs));
  });

  it('knows it through other observers, which cost the members nothing more', async () => {
    await using elections = await Elections.open(3);
    const listen = '127.0.0.1:0';
    await using near = await observing({ from: addressesOf(elections), listen });
    await using middle = await observing({ from: [addressOf(near)], listen });
    await using far = await observing({ from: [addressOf(middle)] });
    const { token } = await elections.of(1).campaign();
    assert.equal((await seesLead(far, elections.of(1))).token, token);
    const depths = [near, middle, far].map((one) => one.health().depth);
    assert.deepEqual(depths, [1, 2, 3]);
    assert.deepEqual(
      [near, middle, far].map((one) => one.health().observers),
      [1, 1, 0],
    );
    assert.equal(far.address, null);
    assert.equal(far.leader()?.address, elections.peers[1]);
  });

  it('goes to the next source when its own is gone', async () => {
    await using elections = await Elections.open(3);
    await using observer = await observing({ from: addressesOf(elections, 3) });
    assert.equal(observer.health().source, elections.peers[3]);
    await elections.of(3).close();
    const { token } = await elections.of(1).campaign();
    assert.equal((await seesLead(observer, elections.of(1))).token, token);
    assert.notEqual(observer.health().source, elections.peers[3]);
  });

  it('learns of other sources than it was given', async () => {
    await using elections = await Elections.open(3);
    const near = await observing({ from: addressesOf(elections), listen: '127.0.0.1:0' });
    await using far = await observing({ from: [addressOf(near)] });
    await near.close();
    await elections.of(2).campaign();
    await seesLead(far, elections.of(2));
    assert.equal(far.health().depth, 1);
  });

  it('is told that nobody leads when the leader is gone and no other can be elected', async () => {
    await using elections = await Elections.open(3);
    await elections.of(1).campaign();
    await using near = await observing({
      from: addressesOf(elections, 3),
      listen: '127.0.0.1:0',
    });
    await using far = await observing({ from: [addressOf(near)] });
    await seesLead(far, elections.of(1));
    // Both at once: neither has told the others before that it resigns, nor been replaced.
    await Promise.all([elections.of(1).close(), elections.of(2).close()]);
    await sees(far, (leader) => leader === null);
    assert.equal(near.leader(), null);
    // What it knows is fresh: a member goes on telling it.
    await until(() => far.health().isHealthy && far.staleForMs < 60_000);
  });

  it('keeps what it knew while nothing is heard, says how old it is, and forgets it', async () => {
    await using elections = await Elections.open(1);
    await elections.of(1).campaign();
    const silence = new Silence();
    const parts = { from: addressesOf(elections), network: silence.network };
    await using keeping = await observing({ ...parts, maxStaleMs: Number.POSITIVE_INFINITY });
    await using forgetting = await observing({ ...parts, maxStaleMs: 600 });
    for (const one of [keeping, forgetting]) await seesLead(one, elections.of(1));
    silence.isOn = true;
    await sees(forgetting, (leader) => leader === null);
    assert.ok(forgetting.staleForMs > 600);
    assert.equal(forgetting.health().isHealthy, false);
    assert.equal(keeping.leader()?.id, 1);
    assert.ok(keeping.staleForMs >= 300);
    silence.isOn = false;
    await seesLead(forgetting, elections.of(1));
    assert.equal(forgetting.health().isHealthy, true);
  });

  it('leaves an observer that itself hears nothing', async () => {
    await using elections = await Elections.open(1);
    const silence = new Silence();
    const listen = '127.0.0.1:0';
    const from = addressesOf(elections);
    await using deaf = await observing({ from, listen, network: silence.network });
    await using observer = await observing({ from: [addressOf(deaf), ...from] });
    assert.equal(observer.health().depth, 2);
    silence.isOn = true;
    await elections.of(1).campaign();
    await seesLead(observer, elections.of(1));
    assert.equal(observer.health().depth, 1);
    assert.equal(deaf.leader(), null);
  });

  it('is sent on where as many observe as may', async () => {
    await using elections = await Elections.open(1, () => ({ maxObservers: 1 }));
    await elections.of(1).campaign();
    const from = addressesOf(elections);
    await using near = await observing({ from, listen: '127.0.0.1:0', maxObservers: 2 });
    const others: ElectionObserver[] = [];
    for (let count = 0; count < 2; count++) others.push(await observing({ from }));
    for (const one of others) {
      await seesLead(one, elections.of(1));
      assert.equal(one.health().source, addressOf(near));
    }
    assert.equal(near.health().observers, 2);
    for (const one of others) await one.close();
  });

  it('tells an end of observation, and nothing after it is closed', async () => {
    await using elections = await Elections.open(1);
    const leadership = await elections.of(1).campaign();
    const controller = new AbortController();
    const from = addressesOf(elections);
    const observer = await observing({ from, signal: controller.signal });
    const told: unknown[] = [];
    observer.on('leader', (leader) => told.push(leader));
    const drawn = observer.observe();
    assert.equal((await drawn.next()).value?.id, 1);
    const next = drawn.next();
    controller.abort();
    assert.equal((await next).done, true);
    await observer.close();
    await leadership.proclaim('unheard');
    assert.equal(observer.leader(), null);
    assert.equal(observer.health().isHealthy, false);
    assert.deepEqual(told, []);
  });

  it('leaves nothing open', async () => {
    await using elections = await Elections.open(1);
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((one) => one.startsWith('TCP')).length;
    await until(() => sockets() === 1);
    const observer = await observing({ from: addressesOf(elections), listen: '127.0.0.1:0' });
    assert.ok(sockets() > 1);
    await observer.close();
    await until(() => sockets() === 1);
  });
});
