import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Etcd3, IKeyValue, IOptions } from 'etcd3';

/**
 * `Isolation.Serializable`, which has no value at run time. The default looks whether keys have
 * changed since the oldest of what was read, so it never ends where two were written one by one.
 */
const serializable = 1;

/** etcd3 keeps a timer for so long after a lease was revoked, and with it the process. */
const ttlSeconds = 8;

/** What the documentation of the npm client etcd3 shows, one function for each part of it. */
export const etcd3Usage: Readonly<Record<string, (client: Etcd3) => Promise<void>>> = {
  async 'puts, gets and deletes'(client) {
    await client.put('foo').value('bar');
    assert.equal(await client.get('foo').string(), 'bar');
    assert.equal(await client.get('nothing').string(), null);
    await client.put('number').value(42);
    assert.equal(await client.get('number').number(), 42);
    await client.put('object').value(JSON.stringify({ a: [1] }));
    assert.deepEqual(await client.get('object').json(), { a: [1] });
    const bytes = Buffer.from([0, 255, 7]);
    await client.put('bytes').value(bytes);
    assert.deepEqual(await client.get('bytes').buffer(), bytes);
    const previous = await client.put('foo').value('new').getPrevious();
    assert.equal(previous.value.toString(), 'bar');
    await client.put('foo').touch();
    assert.equal(await client.get('foo').exists(), true);
    const { deleted } = await client.delete().key('foo').exec();
    assert.equal(deleted, '1');
    assert.equal(await client.get('foo').exists(), false);
  },

  async 'reads ranges, in orders and in part'(client) {
    for (const [key, value] of Object.entries({ fa: '3', fb: '1', fc: '2', g: '9' })) {
      await client.put(key).value(value);
    }
    assert.deepEqual(await client.getAll().prefix('f').strings(), { fa: '3', fb: '1', fc: '2' });
    assert.deepEqual(await client.getAll().prefix('f').keys(), ['fa', 'fb', 'fc']);
    const byValue = client.getAll().prefix('f').sort('Value', 'Descend').limit(2);
    assert.deepEqual(await byValue.keys(), ['fa', 'fc']);
    assert.equal(await client.getAll().prefix('f').count(), 3);
    assert.deepEqual(await client.getAll().inRange({ start: 'fb', end: 'g' }).numbers(), {
      fb: 1,
      fc: 2,
    });
    const { header } = await client.get('fa').exec();
    await client.put('fa').value('4');
    assert.equal(await client.get('fa').revision(header.revision).string(), '3');
    const gone = await client.delete().prefix('f').getPrevious();
    assert.deepEqual(
      gone.map(({ key }) => key.toString()),
      ['fa', 'fb', 'fc'],
    );
    await client.delete().all();
    assert.equal(await client.getAll().all().count(), 0);
  },

  async 'keeps names apart'(client) {
    const mine = client.namespace('user1/');
    await mine.put('foo').value('bar');
    assert.equal(await client.get('user1/foo').string(), 'bar');
    assert.deepEqual(await mine.getAll().all().strings(), { foo: 'bar' });
    await client.put('foo').value('everybody');
    await mine.delete().all();
    assert.equal(await client.get('foo').string(), 'everybody');
  },

  async 'decides in transactions'(client) {
    await client.put('leader').value('nobody');
    const take = (name: string) =>
      client
        .if('leader', 'Value', '==', 'nobody')
        .and('leader', 'Version', '>', 0)
        .then(client.put('leader').value(name))
        .else(client.get('leader'))
        .commit();
    assert.equal((await take('first')).succeeded, true);
    const second = await take('second');
    assert.equal(second.succeeded, false);
    const [found] = second.responses[0]?.response_range.kvs ?? [];
    assert.equal(found?.value.toString(), 'first');
    const create = client.if('new', 'Create', '==', 0).then(client.put('new').value('made'));
    assert.equal((await create.commit()).succeeded, true);
    const again = client.if('new', 'Create', '==', 0).then(client.put('new').value('again'));
    assert.equal((await again.commit()).succeeded, false);
  },

  async 'moves money in software transactions'(client) {
    await client.put('account1').value(100);
    await client.put('account2').value(0);
    const move = (amount: number) =>
      client.stm({ retries: 50, isolation: serializable }).transact(async (tx) => {
        const from = (await tx.get('account1').number()) ?? 0;
        const to = (await tx.get('account2').number()) ?? 0;
        await tx.put('account1').value(from - amount);
        await tx.put('account2').value(to + amount);
      });
    await Promise.all([1, 2, 3, 4, 5].map(move));
    assert.equal(await client.get('account1').number(), 85);
    assert.equal(await client.get('account2').number(), 15);
  },

  async 'watches keys and prefixes'(client) {
    const watcher = await client.watch().prefix('seen/').withPreviousKV().create();
    const events: string[] = [];
    watcher.on('put', ({ key, value }) => events.push(`${key.toString()}=${value.toString()}`));
    const deleted = new Promise<IKeyValue | undefined>((resolve) => {
      watcher.on('delete', (_, previous) => resolve(previous));
    });
    await client.put('seen/a').value('1');
    await client.put('unseen').value('1');
    await client.put('seen/b').value('2');
    await client.delete().key('seen/a');
    assert.equal((await deleted)?.value.toString(), '1');
    assert.deepEqual(events, ['seen/a=1', 'seen/b=2']);
    await watcher.cancel();
    const { header } = await client.get('seen/a').exec();
    const later = await client.watch().key('seen/c').startRevision(header.revision).create();
    const put = once(later, 'put');
    await client.put('seen/c').value('3');
    assert.equal((await put)[0].value.toString(), '3');
    await later.cancel();
  },

  async 'grants leases and lets them end'(client) {
    const lease = client.lease(ttlSeconds);
    await lease.put('session').value('mine');
    assert.equal(await client.get('session').string(), 'mine');
    const { TTL } = await lease.keepaliveOnce();
    assert.equal(TTL, String(ttlSeconds));
    await lease.revoke();
    assert.equal(await client.get('session').string(), null);
    const short = client.lease(1, { autoKeepAlive: false });
    await short.put('short').value('lived');
    const gone = await client.watch().key('short').create();
    if (await client.get('short').exists()) await once(gone, 'delete');
    assert.equal(await client.get('short').string(), null);
    await gone.cancel();
    await short.revoke().catch(() => undefined);
  },

  async 'excludes others with a lock'(client) {
    const lock = client.lock('resource').ttl(ttlSeconds);
    await lock.acquire();
    await assert.rejects(client.lock('resource').ttl(ttlSeconds).acquire(), /lock/i);
    await lock.release();
    assert.equal(
      await client
        .lock('resource')
        .ttl(ttlSeconds)
        .do(async () => 'done'),
      'done',
    );
  },

  async 'elects one of many'(client) {
    const election = client.election('job', ttlSeconds);
    const first = election.campaign('first');
    await first.wait();
    const observer = await election.observe();
    while (observer.leader() !== 'first') await once(observer, 'change');
    const second = election.campaign('second');
    // Listens from now on: it says only once that it was elected.
    const elected = second.wait();
    await first.proclaim('still the first');
    while (observer.leader() !== 'still the first') await once(observer, 'change');
    await first.resign();
    await elected;
    while (observer.leader() !== 'second') await once(observer, 'change');
    await second.resign();
    await observer.cancel();
  },
};

/** Users, as the documentation makes them. The cluster has them when this is over. */
export async function etcd3Users(client: Etcd3, connect: (options: IOptions) => Etcd3) {
  const root = client.user('root');
  await root.create('secret');
  await client.role('root').create();
  await root.addRole('root');
  const reader = client.role('reader');
  await reader.create();
  await reader.grant({ permission: 'Read', range: client.range({ prefix: 'public/' }) });
  const user = client.user('alice');
  await user.create('password');
  await user.addRole('reader');
  const names = (await client.getRoles()).map(({ name }) => name);
  assert.deepEqual(names, ['reader', 'root']);
  assert.equal((await reader.permissions()).length, 1);
  await client.put('public/a').value('1');
  await client.auth.authEnable();
  const asAlice = connect({ hosts: [], auth: { username: 'alice', password: 'password' } });
  const asRoot = connect({ hosts: [], auth: { username: 'root', password: 'secret' } });
  try {
    assert.equal(await asAlice.get('public/a').string(), '1');
    await assert.rejects(async () => asAlice.put('public/a').value('2'), /permission denied/);
    await assert.rejects(async () => client.get('public/a').string(), /user name is empty/);
    await asRoot.put('public/a').value('3');
    assert.equal(await asAlice.get('public/a').string(), '3');
    const wrong = connect({ hosts: [], auth: { username: 'alice', password: 'guess' } });
    await assert.rejects(async () => wrong.get('public/a').string(), /authentication failed/);
    wrong.close();
    await asRoot.auth.authDisable();
  } finally {
    asAlice.close();
    asRoot.close();
  }
}

/** Does it again until it works; what is done has to be harmless when it is done twice. */
export async function untilItWorks<T>(work: () => PromiseLike<T>, limitMs: number): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await setTimeout(20);
    }
  }
}
