import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '@quorate/base';
import { type QuorateServer, type ServerOptions, startServer } from '@quorate/server';
import { clusterOptions } from './cluster-options.ts';

interface Answer {
  readonly count?: string;
  readonly message?: string;
  readonly header?: { readonly revision: string };
}

async function call(server: QuorateServer, path: string, body: object): Promise<Answer> {
  const address = formatAddress(server.clientAddresses[0] as { host: string; port: number });
  const response = await fetch(`http://${address}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  return (await response.json()) as Answer;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const everything = { key: 'AA==', range_end: 'AA==', serializable: true };

async function putAll(server: QuorateServer, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { message } = await call(server, 'kv/put', { key: base64(`k${n}`), value: base64('v') });
    assert.equal(message, undefined);
  }
}

/** The first messages of a watch, until one has events or `signal` ends it. */
async function watched(server: QuorateServer, signal: AbortSignal): Promise<string> {
  const address = formatAddress(server.clientAddresses[0] as { host: string; port: number });
  const create = { create_request: { key: 'AA==', range_end: 'AA==' } };
  const response = await fetch(`http://${address}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify(create),
    signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('"events":[{')) break;
  }
  return text;
}

test('a node that was started again shows no less than it had acknowledged', async (context) => {
  const [options] = (await clusterOptions(context, ['n1'])) as [ServerOptions];
  const first = await startServer(options);
  await putAll(first, 5);
  await first.close();

  await using again = await startServer(options);
  // At once: nothing of this run has told the node that its last entries are committed.
  const [range, watch] = await Promise.all([
    call(again, 'kv/range', everything),
    (async () => {
      const text = watched(again, AbortSignal.timeout(30_000));
      await call(again, 'kv/range', everything);
      await call(again, 'kv/put', { key: base64('new'), value: base64('v') });
      return text;
    })(),
  ]);
  assert.equal(range.count, '5');
  const [created = '', events = ''] = watch.trim().split('\n');
  assert.match(created, /"revision":"6".*"created":true/);
  assert.match(events, new RegExp(`"key":"${base64('new')}"`), 'an old put is no event');
});

test('rights that were the last write hold before a leader is known', async (context) => {
  const cluster = await clusterOptions(context, ['n1', 'n2', 'n3']);
  const servers = await Promise.all(cluster.map((options) => startServer(options)));
  const [server] = servers as [QuorateServer];
  await putAll(server, 1);
  await call(server, 'auth/user/add', { name: 'root', password: 'secret' });
  await call(server, 'auth/role/add', { name: 'root' });
  await call(server, 'auth/user/grant', { user: 'root', role: 'root' });
  const enabled = await call(server, 'auth/enable', {});
  assert.equal(enabled.message, undefined);
  await Promise.all(servers.map((one) => one.close({ abrupt: true })));

  // Alone: a majority that could say what is committed does not come back.
  await using alone = await startServer(cluster[0] as ServerOptions);
  const { message, count } = await call(alone, 'kv/range', everything);
  assert.equal(count, undefined);
  assert.match(message ?? '', /no leader|user name is empty/);
});
