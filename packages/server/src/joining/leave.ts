import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@quorate/base';
import type { QuorateServer, ServerOptions } from '../server.ts';
import { removalPath } from './origin-of.ts';

/** For answers under way, that of the removal among them. */
const graceMs = 1000;

/** What a member does that was removed: it says so, here and for later starts, and ends. */
export async function leave(
  server: QuorateServer,
  { dataDirectory, onRemoved }: ServerOptions,
  logger: Logger,
): Promise<void> {
  logger.error('this member was removed from the cluster for good', {
    memberId: server.status().memberId.toString(16),
    advice: 'its data directory is of no more use; remove it',
  });
  if (dataDirectory !== null) await note(dataDirectory, server).catch(() => undefined);
  await pause(graceMs);
  await server.close();
  onRemoved?.();
}

async function note(dataDirectory: string, server: QuorateServer): Promise<void> {
  const { memberId, clusterId } = server.status();
  const file = await open(removalPath(dataDirectory), 'w');
  try {
    await file.writeFile(
      `member ${memberId.toString(16)} was removed from cluster ${clusterId.toString(16)}\n`,
    );
    await file.sync();
  } finally {
    await file.close();
  }
}
