// A node of an election, a process of its own: candidates.ts starts it, stops it and kills it. It
// acts all the time while it leads, and tells its parent of each act.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createElection, type Leadership } from '../../src/index.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
  },
});
const id = Number(values.id);
const peers = values.ports.split(',').map((port, at) => {
  return { id: at + 1, address: `127.0.0.1:${port}` };
});
const actEveryMs = 4;
const leaseMs = 200;

const election = await createElection({
  id,
  peers,
  dataDir: `${values.data}/node${id}`,
  log: { level: 'silent', format: 'logfmt' },
});

function tell(what: string, { token }: Pick<Leadership, 'token'>): void {
  // One clock for all processes of a machine.
  const atNs = process.hrtime.bigint().toString();
  // A parent that has gone is no error.
  const sent = (): void => undefined;
  if (process.connected)
    process.send?.({ id, what, token: token.toString(), atNs }, undefined, {}, sent);
}

election.on('elected', (leadership) => tell('elected', leadership));
election.on('lost', (leadership) => tell('lost', leadership));

process.on('message', () => {
  const leadership = election.leadership();
  if (leadership === null) {
    tell('does not lead', { token: 0n });
    return;
  }
  tell('stops', leadership);
  const beganMs = performance.now();
  process.kill(process.pid, 'SIGSTOP');
  // The signal may come a moment later than the call returns.
  while (performance.now() - beganMs < leaseMs);
  // Of this very turn: no timer has run and no socket was read since.
  tell(leadership.isValid() || election.isLeader() ? 'still leads' : 'leads no more', leadership);
});
process.on('disconnect', () => void election.close());
tell('open', { token: 0n });

function acting(signal: AbortSignal, leadership: Leadership): Promise<void> {
  return new Promise((fulfil) => {
    const interval = setInterval(() => {
      if (leadership.isValid()) tell('acts', leadership);
    }, actEveryMs);
    signal.addEventListener('abort', () => {
      clearInterval(interval);
      fulfil();
    });
  });
}

try {
  await election.withLeadership(acting, { again: true });
} catch (error) {
  // It was closed while it led, or while it waited.
  if (process.connected) throw error;
}
