import { openShards, type Shards } from '@quorate/node';
import { Store } from './store.ts';

export const founders = 4;
export const shardCount = 8;

/** The numbers are the same on every node: they say where each key is. */
const shards = { count: shardCount, replicas: 3, create: () => new Store() };

/** @param addresses of the founders first, then of those that join them */
export function openStore(
  id: number,
  addresses: readonly string[],
  directory: string,
): Promise<Shards<Store>> {
  const peers = addresses.slice(0, founders).map((address, at) => [at + 1, address] as const);
  return openShards({
    id,
    dataDir: `${directory}/node${id}`,
    listen: addresses[id - 1] ?? '',
    ...(id <= founders
      ? { peers: Object.fromEntries(peers) }
      : { join: peers.map(([, address]) => address) }),
    shards,
    log: { level: 'error', format: 'logfmt' },
  });
}
