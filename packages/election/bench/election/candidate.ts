// A node of an election in a process of its own, which campaigns all the time.
import { setTimeout as pause } from 'node:timers/promises';
import { createTcpNetwork } from '@quorate/node';
import { createElection } from '../../src/index.ts';
import { MemberSide, planOfThisProcess } from './member-side.ts';
import { routedNetwork, SentCount } from './routed-network.ts';

const { id, ports, routes, directory, heartbeatIntervalMs, electionTimeoutMs } =
  planOfThisProcess();
const side = new MemberSide(id);
const count = new SentCount();
const ways = new Map(ports.map((port, at) => [port, routes[at] ?? port]));

const election = await createElection({
  id,
  peers: Object.fromEntries(ports.map((port, at) => [at + 1, `127.0.0.1:${port}`])),
  dataDir: directory,
  timing: { heartbeatIntervalMs, electionTimeoutMs },
  network: (logger) => routedNetwork(createTcpNetwork(logger), ways, count),
  log: { level: 'error', format: 'logfmt' },
});

election.on('elected', ({ token }) => side.tell('elected', { token, leads: true }));
election.on('lost', ({ token }, reason) => {
  side.tell('lost', { token, leads: election.isLeader(), text: reason });
});
election.on('leader', (leader) => {
  if (leader !== null) side.tell('follows', { token: leader.token });
});

/** A campaign that fails at once must not keep the process from its sockets. */
const againMs = 20;
let givesUp = Promise.resolve();
let isClosing = false;
side.open({
  leads: () => election.isLeader(),
  resign: () => {
    givesUp = election.resign();
    return givesUp;
  },
  close: () => {
    isClosing = true;
    return election.close();
  },
  sent: () => ({ sentBytes: count.bytes, writes: count.writes }),
});

while (!isClosing) {
  try {
    const { signal } = await election.campaign();
    if (!signal.aborted) await new Promise((ended) => signal.addEventListener('abort', ended));
  } catch (error) {
    // It was closed, or told to resign, while it waited.
    if (!isClosing) side.tell('says', { text: String(error) });
    await pause(againMs);
  }
  await givesUp;
}
