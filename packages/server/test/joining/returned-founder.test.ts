import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askCluster, createLogger } from '@quorate/node';
import { type ServerOptions, startServer } from '@quorate/server';
import { clusterOptions } from '../cluster-options.ts';

const logger = createLogger({ level: 'silent', format: 'json' });

/** Fulfilled when the cluster knows with which data each of its members has begun. */
async function allRecorded({ listenPeer, members }: ServerOptions): Promise<void> {
  for (;;) {
    const { groups } = await askCluster(listenPeer, { logger, timeoutMs: 10_000 });
    const known = groups[0]?.members.filter(({ incarnation }) => incarnation !== undefined);
    if (known?.length === members.length) return;
    await pause(20);
  }
}

test('a founder that has lost its data is not let found the cluster again', async (context) => {
  const options = await clusterOptions(context, ['n1', 'n2', 'n3']);
  const [first, second, third] = options as [ServerOptions, ServerOptions, ServerOptions];
  await using _n1 = await startServer(first);
  await using _n2 = await startServer(second);
  // Its first start, later than the others', is as good as theirs.
  const n3 = await startServer(third);
  await allRecorded(first);
  await n3.close();

  await rm(third.dataDirectory as string, { recursive: true });
  await assert.rejects(startServer(third), {
    code: 'SERVER_JOIN_REFUSED',
    message: /has run before, and its data is not in .*n3: restore .* removed and added again/,
  });
});
