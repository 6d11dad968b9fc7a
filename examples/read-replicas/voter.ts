// One of the three voters, a process of its own: main.ts starts it.
import { parseArgs } from 'node:util';
import { openNode } from '@quorate/node';
import { serve } from './programs.ts';
import { sentBytes, sentToPeers } from './sent-bytes.ts';
import { type Edit, Wiki } from './wiki.ts';

/** What is asked of it: to make an edit, or what it has sent. */
export type VoterQuestion = { readonly edit: Edit } | 'load';

export interface Load {
  readonly leader: number;
  readonly term: number;
  readonly bytes: number;
  readonly bytesToPeers: number;
}

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    voters: { type: 'string', default: '127.0.0.1:7001' },
    data: { type: 'string', default: 'read-replicas-data' },
  },
});
const id = Number(values.id);
const addresses = values.voters.split(',');

const node = await openNode({
  id,
  dataDir: `${values.data}/node${id}`,
  listen: addresses[id - 1] ?? '',
  peers: Object.fromEntries(addresses.map((address, at) => [at + 1, address])),
  groups: { wiki: () => new Wiki() },
  log: { level: 'error', format: 'logfmt' },
});
const wiki = node.group('wiki');

async function load(): Promise<Load> {
  // It reflects the present, so there is a leader, and this node knows it.
  await wiki.read(({ revision }) => revision);
  const { leader, term } = wiki.status();
  const bytesToPeers = sentToPeers(await node.metricsText());
  return { leader, term, bytes: sentBytes(), bytesToPeers };
}

serve(
  (question: VoterQuestion) => (question === 'load' ? load() : wiki.propose(question.edit)),
  () => node.close(),
);
