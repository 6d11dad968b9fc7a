// One of the three voters, a process of its own: main.ts starts it, kills it and starts it again.
import { parseArgs } from 'node:util';
import { openNode } from '@quorate/node';
import { JobQueue } from './job-queue.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '7001' },
    data: { type: 'string', default: 'job-queue-data' },
  },
});
const id = Number(values.id);
const addresses = values.ports.split(',').map((port) => `127.0.0.1:${port}`);

const node = await openNode({
  id,
  dataDir: `${values.data}/node${id}`,
  listen: addresses[id - 1] ?? '',
  peers: Object.fromEntries(addresses.map((address, at) => [at + 1, address])),
  groups: { jobs: () => new JobQueue() },
  log: { level: 'error', format: 'logfmt' },
});
process.on('disconnect', () => void node.close());
process.send?.('open');
