import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LiferaftClass, LiferaftPacket } from './liferaft.ts';
import type { Outcome } from './scenarios.ts';
import type { TinyMessage, TinyraftClass } from './tinyraft.ts';

const term = 5;
const own = 1;

/**
 * A voter gives its vote to one candidate of a term, is started anew, and is asked by another one.
 * Here the voter is a library without its process: a transport that is only a list.
 *
 * @returns null: this cannot be asked of it from outside
 */
export async function votes(name: string, peers: string | null): Promise<Outcome | null> {
  if (peers === null) return null;
  const require = createRequire(join(peers, 'package.json'));
  if (name === 'liferaft') return ofLiferaft(require);
  return name === 'tinyraft' ? ofTinyraft(require) : null;
}

async function ofLiferaft(require: NodeJS.Require): Promise<Outcome> {
  const Raft = require('@markwylde/liferaft') as LiferaftClass;
  const granted: boolean[] = [];
  for (const candidate of ['2', '3']) {
    const raft = new Raft(String(own), {});
    raft.on('error', () => undefined);
    for (const other of ['2', '3']) raft.join(other, () => undefined);
    const request = { type: 'vote', state: Raft.CANDIDATE, term, address: candidate, leader: '' };
    const answer = await new Promise<LiferaftPacket | undefined>((fulfil) => {
      raft.emit('data', request, (reply) => void Promise.resolve(reply).then(fulfil));
    });
    granted.push(answer?.data?.granted === true);
    raft.end();
  }
  return outcomeOf(granted, 'it has no place for its term and vote');
}

function ofTinyraft(require: NodeJS.Require): Outcome {
  const TinyRaft = require('tinyraft') as TinyraftClass;
  const granted: boolean[] = [];
  for (const candidate of [2, 3]) {
    const sent: TinyMessage[] = [];
    const raft = new TinyRaft({
      nodes: [own, 2, 3],
      nodeId: own,
      electionTimeout: 5_000,
      heartbeatTimeout: 1_000,
      leadershipTimeout: 3_000,
      send: (_, message) => sent.push(message),
    });
    raft.start();
    raft.onReceive(candidate, { type: 'vote_request', term, leader: candidate });
    raft.stop();
    granted.push(sent.some((one) => one.type === 'vote' && one.leader === candidate));
  }
  return outcomeOf(granted, 'it keeps neither; a term it can be given at the start');
}

function outcomeOf(granted: readonly boolean[], why: string): Outcome {
  const isDouble = granted.every((one) => one);
  const words = isDouble ? `two votes in term ${term}: ${why}` : 'one vote';
  return { words, figures: { isDouble } };
}
