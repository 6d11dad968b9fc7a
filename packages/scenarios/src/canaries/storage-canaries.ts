import type { Canary } from './canary.ts';

/** What is durable, and what a start makes of it. */
export const storageCanaries: readonly Canary[] = [
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
    name: 'failed-fsync-is-ignored',
    why: 'a write whose fsync failed counts as durable',
    file: 'storage/src/wal/write-ahead-log.ts',
    find: 'if (error) this.#fail(error, segmentPath(this.#directory, sequence));',
    replace: "if (error?.kind === 'closed') this.#fail(error, this.#directory);",
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
  {
    name: 'segment-is-freed-too-early',
    why: 'a log segment goes although entries in it are still needed',
    file: 'storage/src/wal/group-table.ts',
    find: 'return this.#pinning(oldest) === null ? oldest : null;',
    replace: 'return this.#segments.length > 3 ? oldest : null;',
  },
  {
    name: 'recovered-cache-is-trusted',
    why: 'after a kill the last batch may be in the cache only, and the node acts on it',
    file: 'storage/src/wal/wal-recovery.ts',
    find: 'blocking.overwriteDurably(segment.path, from, settled);',
    replace: 'if (endOfContent > offset) blocking.overwriteDurably(segment.path, from, settled);',
  },
  {
    name: 'snapshot-is-named-before-it-is-durable',
    why: 'a snapshot gets its name before its content is synced, and the log is cut behind it',
    file: 'storage/src/snapshot/snapshot-writer.ts',
    find: 'else file.sync(close);',
    replace: 'else close(null);',
  },
  {
    name: 'snapshot-name-is-not-synced',
    why: 'the directory is not synced after a snapshot was renamed, and the log is cut behind it',
    file: 'storage/src/snapshot/snapshot-writer.ts',
    find: 'fileSystem.syncDirectory(directory, (syncFailed) => {',
    replace:
      'fileSystem.size(directory, () => {\n          const syncFailed = null as Error | null;',
  },
  {
    name: 'repairing-node-votes',
    why: 'a node whose log was repaired votes before it has again what it promised (rule 14)',
    file: 'raft/src/replica.ts',
    find: 'return !this.repairing && !this.memberships.isImpostor(this.nodeId);',
    replace: 'return !this.memberships.isImpostor(this.nodeId);',
  },
  {
    name: 'repair-owes-nothing',
    why: 'a repaired log does not say how far it went, so the node forgets what it acknowledged',
    file: 'storage/src/repair/repair-plan.ts',
    find: 'missing ? Math.max(known.lastIndex, lastIndex + 1) : 0,',
    replace: 'missing ? 0 : 0,',
  },
];
