import type { Canary } from './canary.ts';

/** Each must be caught by the simulator, or the simulator is blind to its kind. */
export const canaries: readonly Canary[] = [
  {
    name: 'commit-older-terms',
    why: 'the leader commits entries of earlier terms by counting replicas (paper, figure 8)',
    file: 'raft/src/replication/commit.ts',
    find: 'if (replica.log.termAt(durableOnQuorum) !== replica.currentTerm) return;',
    replace: 'if (replica.log.termAt(durableOnQuorum) === null) return;',
  },
  {
    name: 'vote-not-persisted',
    why: 'a granted vote is not made durable, so a restarted voter votes again in its term',
    file: 'raft/src/replica.ts',
    find: 'votedFor: this.#votedFor,\n      commitIndex',
    replace: 'votedFor: noNode,\n      commitIndex',
  },
  {
    name: 'acknowledge-before-fsync',
    why: 'entries are acknowledged when they are handed to the log, not when they are durable',
    file: 'runtime/src/runtime.ts',
    find: 'this.#options.logStore.submit(writes, (error) => {',
    replace:
      'this.#options.logStore.submit(writes, () => undefined);\n' +
      '      this.#options.ports.timers.defer(() => {\n' +
      '        const error = null as Error | null;',
  },
  {
    name: 'segment-forgets-votes',
    why: 'a new log segment does not repeat the vote of an idle group, and the old one is freed',
    file: 'storage/src/wal/batch-encoder.ts',
    find:
      'putSafeInteger(view, body + 16, hardState.commitIndex);\n' +
      '    putSafeInteger(view, body + 24, logStart.index);',
    replace:
      'putSafeInteger(view, body, 0);\n' +
      '    putSafeInteger(view, body + 8, 0);\n' +
      '    putSafeInteger(view, body + 16, hardState.commitIndex);\n' +
      '    putSafeInteger(view, body + 24, logStart.index);',
  },
];
