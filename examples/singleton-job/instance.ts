// One of three instances of a service, a process of its own: main.ts starts it, stops it and kills
// it. The job is done by whichever of them leads.
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createElection } from '@quorate/election';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '7001' },
    data: { type: 'string', default: 'singleton-job-data' },
  },
});
const id = Number(values.id);
const peers = values.ports.split(',').map((port, at) => {
  return { id: at + 1, address: `127.0.0.1:${port}` };
});

const election = await createElection({
  id,
  peers,
  dataDir: `${values.data}/node${id}`,
  log: { level: 'error', format: 'logfmt' },
});
process.on('disconnect', () => void election.close());
process.send?.('open');

try {
  await election.withLeadership(
    async (signal, leadership) => {
      while (leadership.isValid() && process.connected) {
        process.send?.({ id, token: leadership.token.toString() });
        await pause(10, undefined, { signal });
      }
    },
    { again: true },
  );
} catch (error) {
  // At its end it is closed, whether it leads or waits.
  if (process.connected) throw error;
}
