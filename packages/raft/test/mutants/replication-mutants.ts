import { type Mutant, raftTests } from './mutant.ts';

const test = raftTests.replication;

/** Bugs 23 to 32. */
export const replicationMutants: readonly Mutant[] = [
  {
    name: 'one-short-of-a-quorum',
    guard: 'bug 23',
    file: 'raft/src/membership/quorum.ts',
    find: 'return descending[needed - 1] as number;',
    replace: 'return descending[Math.max(0, needed - 2)] as number;',
    test,
  },
  {
    name: 'learners-decide',
    guard: 'bug 23',
    file: 'raft/src/membership/quorum.ts',
    find: 'const incoming = reachedByAll(voters, quorum, reachedBy);',
    replace:
      'const all = [...voters, ...configuration.learners];\n' +
      '  const incoming = reachedByAll(all, quorum, reachedBy);',
    test,
  },
  {
    name: 'unverified-entries-are-acknowledged',
    guard: 'bug 24',
    file: 'raft/src/handle/append-entries.ts',
    find: 'const matchIndex = Math.min(replica.verifiedIndex, durable);',
    replace: 'const matchIndex = durable;',
    test,
  },
  {
    name: 'acknowledgement-beyond-the-log-counts',
    guard: 'bug 24',
    file: 'raft/src/handle/append-entries-response.ts',
    find: 'if (message.matchIndex > log.lastIndex) return;\n',
    replace: '',
    test,
  },
  {
    name: 'delayed-append-truncates',
    guard: 'bug 25',
    file: 'raft/src/handle/append-entries.ts',
    find: 'const first = entries.findIndex((entry) => log.termAt(entry.index) !== entry.term);',
    replace: 'const first = entries.length === 0 ? -1 : 0;',
    test,
  },
  {
    name: 'snapshot-keeps-a-conflicting-log',
    guard: 'bug 26',
    file: 'raft/src/handle/install-snapshot.ts',
    find: 'if (replica.log.termAt(snapshot.index) === snapshot.term) {',
    replace: 'if (replica.log.termAt(snapshot.index) !== null) {',
    test,
  },
  {
    name: 'second-snapshot-is-lost',
    guard: 'bug 27',
    file: 'raft/src/replica.ts',
    find: 'const voidAfter = this.log.start.index;\n',
    replace:
      'if (this.durability.oldestPendingMs !== null) return;\n' +
      '    const voidAfter = this.log.start.index;\n',
    test,
  },
  {
    name: 'nobody-known-gets-no-snapshot',
    guard: 'bug 28',
    file: 'raft/src/replication/replicate.ts',
    find: 'if (prevLogTerm === null) {\n    progress.becomeSnapshot',
    replace:
      'if (prevLogTerm === null && progress.matchIndex === 0) return false;\n' +
      '  if (prevLogTerm === null) {\n    progress.becomeSnapshot',
    test,
  },
  {
    name: 'next-index-falls-to-the-match',
    guard: 'bug 29',
    file: 'raft/src/replication/progress.ts',
    find: 'Math.max(Math.min(rejectedIndex, agreeIndex + 1), this.matchIndex + 1);',
    replace: 'Math.min(rejectedIndex, agreeIndex + 1);',
    test,
  },
  {
    name: 'paused-probe-stays-paused',
    guard: 'bug 31',
    file: 'raft/src/replication/replicate.ts',
    find: "if (progress.state === 'probe') {\n    progress.probeSent = false;\n",
    replace: "if (progress.state === 'probe') {\n",
    test,
  },
  {
    name: 'lost-message-is-not-looked-for',
    guard: 'bug 31',
    file: 'raft/src/replication/replicate.ts',
    find:
      "if (progress.state !== 'replicate' || " +
      'progress.matchIndex >= progress.nextIndex - 1) return;',
    replace: "if (replica.role.kind === 'leader') return;",
    test,
  },
  {
    name: 'lost-message-before-the-log-is-given-up',
    guard: 'bug 31',
    file: 'raft/src/replication/replicate.ts',
    find: 'begin anew, with a snapshot.\n    progress.becomeProbe();',
    replace: 'begin anew, with a snapshot.',
    test,
  },
  {
    name: 'entry-by-entry',
    guard: 'bug 32',
    file: 'raft/src/log/raft-log.ts',
    find: 'if (found <= term) break;',
    replace: 'if (found <= term) break;\n      candidate--;\n      break;',
    test,
  },
];
