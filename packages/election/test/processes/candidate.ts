// A node of an election, a process of its own: candidates.ts starts it, stops it and kills it. It
// acts all the time while it leads, and tells its parent of each act.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Logger, Network } from '@quorate/base';
import { createTcpNetwork } from '@quorate/node';
import {
  createElection,
  defaultElectionTiming,
  type Leadership,
  leaseMarginMs,
  leaseMs,
} from '../../src/index.ts';
import type { Command, Message, What } from './told.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    /** Of all candidates, in the order of their ids. */
    ports: { type: 'string', default: '' },
    /** By which this one reaches each of them. */
    routes: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
    careless: { type: 'boolean', default: false },
  },
});
const id = Number(values.id);
const ports = values.ports.split(',').map(Number);
const routes = new Map(values.routes.split(',').map((route, at) => [ports[at], Number(route)]));
const actEveryMs = 4;
/** See altered-clock.ts. */
const clockRate = Number(process.env['ELECTION_CLOCK_RATE'] ?? 1);
const timing = defaultElectionTiming;
const marginMs = leaseMarginMs(timing);

/** TCP, but what goes to another candidate goes by this one's route to it. */
function routed(logger: Logger): Network {
  const { listen, connect } = createTcpNetwork(logger);
  return {
    listen,
    connect: ({ host, port }, handlers, done) =>
      connect({ host, port: routes.get(port) ?? port }, handlers, done),
  };
}

const openingNs = process.hrtime.bigint();
const election = await createElection({
  id,
  peers: ports.map((port, at) => ({ id: at + 1, address: `127.0.0.1:${port}` })),
  dataDir: `${values.data}/node${id}`,
  network: routed,
  log: { level: 'silent', format: 'logfmt' },
});

function tell(what: What, token = 0n, details: Partial<Message> = {}): void {
  if (!process.connected) return;
  const now = process.hrtime.bigint().toString();
  const message: Message = {
    id,
    what,
    token: token.toString(),
    fromNs: now,
    atNs: now,
    leaseUntilNs: '0',
    reason: '',
    ...details,
  };
  // A parent that has gone is no error.
  process.send?.(message, undefined, {}, () => undefined);
}

/** Looks, and if it leads does what comes next in the same turn. @returns whether it leads */
function ifLeading(leadership: Leadership, then: (details: Partial<Message>) => void): boolean {
  const fromNs = process.hrtime.bigint();
  if (values.careless) {
    if (leadership.signal.aborted) return false;
    then({});
    return true;
  }
  const { remainingMs } = leadership;
  if (!leadership.isValid() || remainingMs === 0) return false;
  const atNs = process.hrtime.bigint().toString();
  const leaseNs = BigInt(Math.floor(((remainingMs + marginMs) / clockRate) * 1e6));
  then({ fromNs: fromNs.toString(), atNs, leaseUntilNs: (fromNs + leaseNs).toString() });
  return true;
}

election.on('elected', ({ token }) => tell('elected', token));
election.on('lost', ({ token }, reason) => tell('lost', token, { reason }));

function standStill(): void {
  const beganMs = performance.now();
  process.kill(process.pid, 'SIGSTOP');
  // The signal may come a moment later than the call returns.
  while (performance.now() - beganMs < leaseMs(timing));
}

function keepLoop(forMs: number): void {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs);
}

/** Of this very turn: no timer has run and no socket was read since. */
function tellWhether(leadership: Leadership): void {
  const { signal, token } = leadership;
  const leads = leadership.isValid() || election.isLeader() || !signal.aborted;
  tell(leads ? 'still leads' : 'leads no more', token);
}

function carryOut(command: Command, leadership: Leadership): void {
  const { token } = leadership;
  switch (command.kind) {
    case 'stop':
      tell('stands', token);
      standStill();
      tellWhether(leadership);
      break;
    case 'block':
      tell('stands', token);
      keepLoop(command.forMs);
      tellWhether(leadership);
      break;
    case 'act late': {
      const leads = ifLeading(leadership, () => {
        tell('stands', token);
        standStill();
        tell('acts late', token);
      });
      if (!leads) tell('does not lead');
      break;
    }
    case 'transfer':
      tell('gives up', token);
      // That nobody could take over, or that it leads no more, is no matter here.
      election.transferLeadership().catch(() => undefined);
      break;
    case 'resign':
      tell('gives up', token);
      void leadership.resign();
      break;
  }
}

process.on('message', (command: Command) => {
  const leadership = election.leadership();
  if (leadership === null) tell('does not lead');
  else carryOut(command, leadership);
});
process.on('disconnect', () => void election.close());
tell('open', 0n, { fromNs: openingNs.toString() });

function acting(signal: AbortSignal, leadership: Leadership): Promise<void> {
  return new Promise((fulfil) => {
    const act = (): void => {
      ifLeading(leadership, (details) => tell('acts', leadership.token, details));
    };
    const interval = setInterval(act, actEveryMs);
    signal.addEventListener('abort', () => {
      clearInterval(interval);
      fulfil();
    });
    act();
  });
}

while (process.connected) {
  try {
    await election.withLeadership(acting, { again: true });
  } catch (error) {
    // It was told to resign, or was closed. Anything else ends the process.
    const { code } = error as { readonly code?: string };
    if (code !== 'ELECTION_LEADERSHIP_LOST' && code !== 'ELECTION_CLOSED') throw error;
    if (code === 'ELECTION_CLOSED') break;
  }
}
