import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ServerOptions, startServer } from '@quorate/server';
import { clusterOptions } from '../cluster-options.ts';

test('a restore that was killed does not begin an empty cluster', async (context) => {
  const [options] = (await clusterOptions(context, ['n1'])) as [ServerOptions];
  const hidden = join(options.dataDirectory as string, '.restoring', 'wal');
  await mkdir(hidden, { recursive: true });
  await assert.rejects(startServer(options), {
    code: 'SERVER_RESTORE_UNFINISHED',
    message: /remove the directory and restore again/,
  });

  await rm(options.dataDirectory as string, { recursive: true });
  await (await startServer(options)).close();
});
