// One node, in a process of its own: main.ts starts three, and asks over Node's IPC channel.
import { parseArgs } from 'node:util';
import { openNode } from '@quorate/node';
import { Counter } from './counter.ts';

/** What main.ts asks: count one more, or only what the value is. */
export interface Question {
  readonly id: number;
  readonly ask: 'increment' | 'value';
}

export type Message =
  | { readonly kind: 'open' }
  | { readonly kind: 'elected' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: number }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string };

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '7001' },
    data: { type: 'string', default: 'counter-data' },
  },
});
const id = Number(values.id);
const addresses = values.ports.split(',').map((port) => `127.0.0.1:${port}`);

const node = await openNode({
  id,
  dataDir: `${values.data}/node${id}`,
  listen: addresses[id - 1] ?? '',
  peers: Object.fromEntries(addresses.map((address, at) => [at + 1, address])),
  groups: { counter: () => new Counter() },
  log: { level: 'error', format: 'logfmt' },
});
const counter = node.group('counter');

// Through a session, so that an increment whose answer was lost is asked for again, and counted
// once all the same.
const session = counter.openSession({ timeoutMs: 120_000 });

const tell = (message: Message): void => void process.send?.(message);

async function answer({ id: question, ask }: Question): Promise<void> {
  try {
    const value =
      ask === 'increment'
        ? (await session.propose({ add: 1 })).result
        : await counter.read('value');
    tell({ kind: 'answer', id: question, value });
  } catch (error) {
    tell({ kind: 'failed', id: question, why: String(error) });
  }
}

process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => void node.close());
counter.onLeadership(({ kind }) => {
  if (kind === 'elected') tell({ kind: 'elected' });
});
if (counter.status().role === 'leader') tell({ kind: 'elected' });
tell({ kind: 'open' });
