import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientError, connect, type QuorateClient, type Watch } from '@quorate/client';
import { FakeCluster, outcomeOf, wordsOf } from './support/fake-cluster.ts';
import type { FakeWatchStream } from './support/fake-watch-stream.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

const watchPath = '/etcdserverpb.Watch/Watch';

interface World extends AsyncDisposable {
  readonly time: VirtualTime;
  readonly cluster: FakeCluster;
  readonly client: QuorateClient;
  /** The watch stream that is open, the only one there may be. */
  stream(): FakeWatchStream;
}

function start(endpoints: readonly string[] = ['a:1', 'b:1']): World {
  const time = new VirtualTime();
  const cluster = new FakeCluster();
  const { clock, timers } = time;
  const ports = { transport: cluster, clock, timers, random: () => 0.5 };
  const client = connect({ endpoints, ports });
  return {
    time,
    cluster,
    client,
    stream: () => {
      const open = cluster.open(watchPath);
      assert.equal(open.length, 1, 'all watches share one stream');
      return open[0] as FakeWatchStream;
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await settle();
      assert.equal(time.waiting, 0, 'a closed client waits for nothing');
      assert.equal(cluster.open(watchPath).length, 0, 'and has no stream');
    },
  };
}

async function take(watch: Watch, count: number): Promise<string[]> {
  const words: string[] = [];
  while (words.length < count) {
    const { done, value } = await watch.next();
    if (done === true) break;
    words.push(wordsOf(value.type, value.key, value.revision));
  }
  return words;
}

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await promise.then(
    () => assert.fail('it must fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error;
}

describe('a watch', () => {
  it('begins after the revision at which it was made, and says when', async () => {
    await using world = start();
    world.cluster.change([['k', '1']]);
    const watch = world.client.watch('k');
    assert.equal(await watch.begun(), 3);
    world.cluster.change([['k', '2']]);
    assert.deepEqual(await take(watch, 1), ['3 put k']);
  });

  it('tells history from a revision on, with what was there before when asked', async () => {
    await using world = start();
    world.cluster.change([['k', '1']]);
    world.cluster.change([['k', null]]);
    const watch = world.client.watch('k', { fromRevision: 2, prevKv: true });
    const first = await watch.next();
    assert.ok(first.value?.type === 'put');
    assert.deepEqual([first.value.previous, first.value.keyValue.version], [null, 1]);
    const second = await watch.next();
    assert.equal(second.value?.type, 'delete');
    assert.deepEqual([...(second.value?.previous?.value ?? [])], [0x31]);
  });

  it('asks for what the filters leave', async () => {
    await using world = start();
    const watch = world.client.watch('k', { filters: ['noPut'], prefix: true });
    await watch.begun();
    world.cluster.change([['ka', '1']]);
    world.cluster.change([['ka', null]]);
    assert.deepEqual(await take(watch, 1), ['3 delete ka']);
  });

  it('goes on where it was after a stream was cut, at the next server', async () => {
    await using world = start();
    const watch = world.client.watch('k', { fromRevision: 1 });
    world.cluster.change([['k', '1']]);
    assert.deepEqual(await take(watch, 1), ['2 put k']);
    const first = world.stream();
    world.cluster.cut(first);
    world.cluster.change([['k', '2']]);
    await world.time.advance(100);
    assert.deepEqual(await take(watch, 1), ['3 put k']);
    assert.deepEqual([first.address, world.stream().address], ['a:1', 'b:1']);
    assert.equal(world.stream().created[0]?.startRevision, 3);
  });

  it('goes on after a progress notification, which it also tells when asked', async () => {
    await using world = start();
    const watch = world.client.watch('k', { progress: true });
    const quiet = world.client.watch('k');
    await Promise.all([watch.begun(), quiet.begun()]);
    world.cluster.change([['other', '1']]);
    world.stream().tellProgress();
    assert.deepEqual(await watch.next(), { done: false, value: { type: 'progress', revision: 2 } });
    world.cluster.compact(3);
    world.cluster.cut(world.stream());
    await world.time.advance(100);
    assert.deepEqual(
      world.stream().created.map(({ startRevision }) => startRevision),
      [3, 3],
    );
    world.cluster.change([['k', '1']]);
    assert.deepEqual(await take(quiet, 1), ['3 put k']);
  });

  it('ends with CLIENT_COMPACTED, after what came before', async () => {
    await using world = start();
    const watch = world.client.watch('k', { fromRevision: 1 });
    world.cluster.change([['k', '1']]);
    await settle();
    world.cluster.cut(world.stream());
    world.cluster.change([['k', '2']]);
    world.cluster.change([['k', '3']]);
    world.cluster.compact(4);
    await world.time.advance(100);
    assert.deepEqual(await take(watch, 1), ['2 put k']);
    const error = await errorOf(watch.next());
    assert.equal(error.code, 'CLIENT_COMPACTED');
    assert.deepEqual(error.metadata, { fromRevision: 3, compactRevision: 4 });
    assert.deepEqual(await watch.next(), { done: true, value: undefined });
    assert.equal(world.cluster.open(watchPath).length, 0, 'nobody needs the stream');
  });

  it('joins fragments: a revision is told whole, and only its last event says so', async () => {
    await using world = start();
    world.cluster.eventsPerAnswer = 2;
    const watch = world.client.watch('k', { prefix: true });
    await watch.begun();
    const changes = ['ka', 'kb', 'kc', 'kd', 'ke'].map((key) => [key, 'v'] as const);
    world.stream().isHeld = true;
    world.cluster.change(changes);
    const { held, listener } = world.stream();
    for (const bytes of held.slice(0, 2)) listener.message(bytes);
    world.cluster.cut(world.stream());
    await world.time.advance(100);
    const lasts: boolean[] = [];
    for (let at = 0; at < 5; at++) lasts.push((await watch.next()).value?.isLast === true);
    assert.deepEqual(lasts, [false, false, false, false, true]);
    world.cluster.change([['kz', '']]);
    assert.deepEqual(await take(watch, 1), ['3 put kz'], 'none was told twice');
  });

  it('does not listen to streams it has left', async () => {
    await using world = start();
    const watch = world.client.watch('k', { fromRevision: 1 });
    await watch.begun();
    const first = world.stream();
    first.isHeld = true;
    world.cluster.change([['k', '1']]);
    world.cluster.cut(first);
    await world.time.advance(100);
    for (const bytes of first.held) first.listener.message(bytes);
    world.cluster.change([['k', '2']]);
    assert.deepEqual(await take(watch, 2), ['2 put k', '3 put k']);
  });

  it('does not tell what lies before its start, should a server do so', async () => {
    await using world = start();
    const watch = world.client.watch('k', { fromRevision: 3 });
    await settle();
    const [watchId = 0n] = [...world.stream().watches.keys()];
    world.cluster.change([['k', '1']]);
    world.stream().answer({ watchId, events: [...world.cluster.history] });
    world.cluster.change([['k', '2']]);
    assert.deepEqual(await take(watch, 1), ['3 put k']);
  });

  it('leaves a server that does not say a word when asked for one', async () => {
    await using world = start();
    const watch = world.client.watch('k');
    await watch.begun();
    const first = world.stream();
    first.isHalfOpen = true;
    world.cluster.change([['k', '1']]);
    await world.time.advance(31_000);
    assert.deepEqual(await take(watch, 1), ['2 put k']);
    assert.equal(world.stream().address, 'b:1');
    await world.time.advance(60_000);
    assert.ok(world.stream().progressRequests > 0);
    assert.equal(world.stream().address, 'b:1', 'one that answers is stayed with');
  });

  it('waits for a revision of the future with a server that has nothing to say yet', async () => {
    await using world = start();
    const watch = world.client.watch('k', { fromRevision: 3 });
    await settle();
    const first = world.stream();
    first.received = () => undefined;
    await world.time.advance(200_000);
    assert.equal(world.stream(), first);
    world.cluster.change([['k', '1']]);
    world.cluster.change([['k', '2']]);
    assert.deepEqual(await take(watch, 1), ['3 put k']);
  });

  it('shares its stream, and ends it with the last', async () => {
    await using world = start();
    const one = world.client.watch('a');
    const two = world.client.watch('b');
    await Promise.all([one.begun(), two.begun()]);
    world.cluster.change([
      ['a', '1'],
      ['b', '1'],
    ]);
    assert.deepEqual(await take(one, 1), ['2 put a']);
    await one.return();
    assert.deepEqual(await one.next(), { done: true, value: undefined });
    await settle();
    assert.equal(world.stream().watches.size, 1);
    assert.deepEqual(await take(two, 1), ['2 put b']);
    await two[Symbol.asyncDispose]();
    assert.equal(world.cluster.open(watchPath).length, 0);
  });

  it('asks a server to stop when nobody reads, and for the rest when somebody does', async () => {
    await using world = start();
    const slow = world.client.watch('k', { bufferBytes: 1000 });
    const quick = world.client.watch('k');
    await Promise.all([slow.begun(), quick.begun()]);
    for (let at = 0; at < 100; at++) world.cluster.change([['k', 'x'.repeat(100)]]);
    await settle();
    assert.equal(world.stream().watches.size, 1, 'the slow one is not served');
    const expected = Array.from({ length: 100 }, (_, at) => `${at + 2} put k`);
    assert.deepEqual(await take(quick, 100), expected, 'nor does it hold up others');
    assert.deepEqual(await take(slow, 100), expected);
    world.cluster.change([['k', 'y']]);
    assert.deepEqual(await take(slow, 1), ['102 put k']);
  });

  it('is ended by its signal, with its reason', async () => {
    await using world = start();
    const controller = new AbortController();
    const watch = world.client.watch('k', { signal: controller.signal });
    await watch.begun();
    world.cluster.change([['k', '1']]);
    await settle();
    controller.abort(new Error('enough'));
    await assert.rejects(watch.next(), /enough/);
    assert.deepEqual(await watch.next(), { done: true, value: undefined });
    const late = world.client.watch('k', { signal: controller.signal });
    await assert.rejects(late.next(), /enough/);
    await assert.rejects(late.begun(), /enough/);
  });

  it('ends with CLIENT_CLOSED when the client is closed', async () => {
    const world = start();
    const watch = world.client.watch('k');
    const next = errorOf(watch.next());
    await world.client.close();
    assert.equal((await next).code, 'CLIENT_CLOSED');
    assert.equal((await errorOf(world.client.watch('k').next())).code, 'CLIENT_CLOSED');
  });

  it('goes on trying while nobody is there, less and less often', async () => {
    await using world = start();
    world.cluster.down.add('a:1').add('b:1');
    const watch = world.client.watch('k', { fromRevision: 1 });
    await world.time.advance(60_000);
    const tries = world.cluster.connected.length;
    assert.ok(tries > 20 && tries < 150, String(tries));
    world.cluster.down.clear();
    world.cluster.change([['k', '1']]);
    await world.time.advance(2000);
    assert.deepEqual(await take(watch, 1), ['2 put k']);
  });

  it('ends when a server refuses it, and the others go on', async () => {
    await using world = start();
    const other = world.client.watch('other');
    const watch = world.client.watch('k');
    await Promise.all([other.begun(), watch.begun()]);
    const [, id] = [...world.stream().watches.keys()];
    const cancelReason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
    world.stream().answer({ watchId: id ?? 0n, canceled: true, cancelReason });
    const error = await errorOf(watch.next());
    assert.equal(error.code, 'CLIENT_REFUSED');
    assert.deepEqual(error.metadata, {
      endpoint: 'a:1',
      grpcCode: 7,
      reason: 'etcdserver: permission denied',
    });
    world.cluster.change([['other', '1']]);
    assert.deepEqual(await take(other, 1), ['2 put other']);
  });

  it('ends when a server has no such stream', async () => {
    await using world = start();
    world.cluster.streamRefusal = () => [12, 'unknown service'];
    const watch = world.client.watch('k');
    assert.equal((await errorOf(watch.next())).code, 'CLIENT_REFUSED');
  });
});

describe('a watch of a user', () => {
  it('comes back with another token when its token is refused', async () => {
    const time = new VirtualTime();
    const cluster = new FakeCluster();
    let logins = 0;
    cluster.script = ({ path }) => {
      if (path !== '/etcdserverpb.Auth/Authenticate') return null;
      logins += 1;
      return outcomeOf(9, 'etcdserver: authentication is not enabled');
    };
    cluster.streamRefusal = () => (logins < 2 ? [16, 'etcdserver: invalid auth token'] : null);
    const { clock, timers } = time;
    await using client = connect({
      endpoints: ['a:1'],
      credentials: { user: 'u', password: 'p' },
      ports: { transport: cluster, clock, timers, random: () => 0 },
    });
    const watch = client.watch('k');
    await time.advance(1000);
    assert.equal(await watch.begun(), 2);
    assert.equal(logins, 2);
    cluster.streamRefusal = () => [16, 'etcdserver: invalid auth token'];
    cluster.cut(cluster.open(watchPath)[0] ?? assert.fail());
    await time.advance(10_000);
    assert.equal((await errorOf(watch.next())).code, 'CLIENT_REFUSED', 'it does not try for ever');
  });
});
