// Many observers in one process, for a process each would need more memory than there is.
import { createTcpNetwork } from '@quorate/node';
import { observeElection } from '../../src/index.ts';
import { MemberSide, planOfThisProcess } from './member-side.ts';
import { routedNetwork, SentCount } from './routed-network.ts';

const { id, ports, extra } = planOfThisProcess();
const side = new MemberSide(id);
const count = new SentCount();

const opening = Array.from({ length: Number(extra['observers']) }, (_, at) => {
  // Each begins with another member.
  const first = at % ports.length;
  const from = [...ports.slice(first), ...ports.slice(0, first)];
  return observeElection({
    from: from.map((port) => `127.0.0.1:${port}`),
    network: (logger) => routedNetwork(createTcpNetwork(logger), new Map(), count),
    log: { level: 'error', format: 'logfmt' },
  });
});
const observers = await Promise.all(opening);

side.open({
  leads: () => false,
  close: async () => {
    await Promise.all(observers.map((observer) => observer.close()));
  },
  sent: () => ({ sentBytes: count.bytes, writes: count.writes }),
});
