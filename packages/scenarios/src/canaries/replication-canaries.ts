import type { Canary } from './canary.ts';

/** The log, what counts as acknowledged, and what as committed. */
export const replicationCanaries: readonly Canary[] = [
  {
    name: 'commit-older-terms',
    why: 'the leader commits entries of earlier terms by counting replicas (paper, figure 8)',
    file: 'raft/src/replication/commit.ts',
    find: 'if (replica.log.termAt(durableOnQuorum) !== replica.currentTerm) return;',
    replace: 'if (replica.log.termAt(durableOnQuorum) === null) return;',
  },
  {
    name: 'leader-counts-what-it-has-not-synced',
    why: 'the leader counts its own entries towards a quorum before they are durable here (bug 7)',
    file: 'raft/src/replication/commit.ts',
    find: 'return replica.durability.durableIndex;',
    replace: 'return replica.log.lastIndex;',
  },
  {
    name: 'no-previous-term-check',
    why: 'a follower appends behind an entry of another term, so that the logs differ below',
    file: 'raft/src/handle/append-entries.ts',
    find: 'if (log.termAt(prevLogIndex) !== prevLogTerm) {',
    replace: 'if (log.termAt(prevLogIndex) === null) {',
  },
  {
    name: 'append-always-truncates',
    why: 'a delayed AppendEntries cuts off what a later one has brought (bug 25)',
    file: 'raft/src/handle/append-entries.ts',
    find: 'const first = entries.findIndex((entry) => log.termAt(entry.index) !== entry.term);',
    replace: 'const first = entries.length === 0 ? -1 : 0;',
  },
  {
    name: 'append-never-truncates',
    why: 'a follower keeps entries that conflict with its leader’s, and appends what is new',
    file: 'raft/src/handle/append-entries.ts',
    find: 'const first = entries.findIndex((entry) => log.termAt(entry.index) !== entry.term);',
    replace: 'const first = entries.findIndex((entry) => log.termAt(entry.index) === null);',
  },
  {
    name: 'heartbeat-commits-unverified-entries',
    why: 'heartbeats carry the commit index to followers whose logs may differ below it',
    file: 'raft/src/replication/replicate.ts',
    find: 'commitIndex: Math.min(progress.matchIndex, replica.commitIndex),',
    replace: 'commitIndex: replica.commitIndex,',
    also: {
      file: 'raft/src/handle/heartbeat.ts',
      find: 'replica.commitTo(Math.min(commitIndex, replica.verifiedIndex));',
      replace: 'replica.commitTo(Math.min(commitIndex, replica.log.lastIndex));',
    },
  },
  {
    name: 'lost-append-is-never-repeated',
    why: 'a follower that missed a message is left waiting for ever (bug 31)',
    file: 'raft/src/replication/replicate.ts',
    find: '|| progress.matchIndex >= progress.nextIndex - 1) return;',
    replace: '|| progress.matchIndex >= 0) return;',
  },
  {
    name: 'joint-change-counts-one-half',
    why: 'while the configuration is joint, the new half alone commits (dissertation 4.3)',
    file: 'raft/src/membership/quorum.ts',
    find: 'if (votersOutgoing.length === 0) return incoming;',
    replace: 'if (votersOutgoing.length >= 0) return incoming;',
    nodes: 5,
  },
];
