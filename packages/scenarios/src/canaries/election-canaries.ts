import type { Canary } from './canary.ts';

/** Votes, terms, and who may become leader. */
export const electionCanaries: readonly Canary[] = [
  {
    name: 'vote-not-persisted',
    why: 'a granted vote is not made durable, so a restarted voter votes again in its term (bug 3)',
    file: 'raft/src/replica.ts',
    find: 'votedFor: this.#votedFor,\n      commitIndex',
    replace: 'votedFor: noNode,\n      commitIndex',
  },
  {
    name: 'vote-leaves-before-fsync',
    why: 'votes and acknowledgements leave before the term they rest on is durable (bug 2)',
    file: 'raft/src/replica.ts',
    find: 'if (this.#promiseWriteId <= this.durability.durableId && message.to !== this.nodeId) {',
    replace: 'if (message.to !== this.nodeId) {',
  },
  {
    name: 'two-votes-in-a-term',
    why: 'a voter grants its vote to whoever asks, although it has given it already',
    file: 'raft/src/handle/request-vote.ts',
    find: 'const free = replica.votedFor === noNode && replica.leaderId === noNode;',
    replace: 'const free = replica.nodeId > noNode;',
  },
  {
    name: 'log-compared-by-length',
    why: 'a candidate wins whose log is longer but older, without what was committed',
    file: 'raft/src/log/raft-log.ts',
    find: 'return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex);',
    replace: 'return term > this.lastTerm || index >= this.lastIndex;',
  },
  {
    name: 'vote-for-any-log',
    why: 'the vote is given without a look at the candidate’s log, in the pre-vote too',
    file: 'raft/src/log/raft-log.ts',
    find: 'return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex);',
    replace: 'return index + term >= 0;',
  },
  {
    name: 'half-is-a-majority',
    why: 'half of an even number of voters decides, so both halves can',
    file: 'raft/src/membership/quorum.ts',
    find: 'return Math.floor(count / 2) + 1;',
    replace: 'return Math.ceil(count / 2);',
    nodes: 4,
  },
];
