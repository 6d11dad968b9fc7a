// One of the four founders, a process of its own: main.ts starts it, kills it and starts it again.
import { parseArgs } from 'node:util';
import { openStore } from './open-store.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '7001' },
    data: { type: 'string', default: 'sharded-kv-data' },
  },
});
const addresses = values.ports.split(',').map((port) => `127.0.0.1:${port}`);
const shards = await openStore(Number(values.id), addresses, values.data);

/** Reads keys through this node, wherever their shards are. */
process.on('message', (keys: readonly string[]) => {
  void Promise.all(keys.map((key) => shards.read(key, key))).then((found) => process.send?.(found));
});
process.on('disconnect', () => void shards.close());
process.send?.('open');
