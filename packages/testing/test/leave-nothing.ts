// Starts and closes clusters, and tells what is left of them. It ends only if nothing is.
import { ClientError } from '@quorate/client';
import { startTestCluster } from '../src/index.ts';

/** Sockets, timers and threads; requests for files come and go by themselves. */
const resources = (): string =>
  process
    .getActiveResourcesInfo()
    .filter((name) => !/^FSReq|^PipeWrap$|^TTYWrap$/.test(name))
    .sort()
    .join(' ');
const listeners = (): string =>
  process
    .eventNames()
    .map((name) => `${String(name)}=${process.listenerCount(name)}`)
    .sort()
    .join(' ');

/** On a machine that is slow just now leaders change, and what a put did may be unknown. */
async function putAtLast(put: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await put();
      return;
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'CLIENT_OUTCOME_UNKNOWN') throw error;
    }
  }
}

async function use(storage: 'memory' | 'disk'): Promise<void> {
  await using cluster = await startTestCluster({ nodes: 3, storage });
  const client = cluster.client({ timeoutMs: 30_000 });
  const lease = await client.lease(60);
  const watch = client.watch('', { prefix: true });
  await watch.begun();
  await putAtLast(() => client.put('key', 'value', { lease }));
  cluster.isolate(0);
  cluster.pause(1);
  cluster.delay(10);
  await cluster.node(2).kill();
}

await use('memory');
const before = { resources: resources(), listeners: listeners() };
await Promise.all([use('memory'), use('disk'), use('memory')]);
console.log(JSON.stringify({ before, after: { resources: resources(), listeners: listeners() } }));
