import type { Mutant } from './mutant.ts';

const stateMachine = 'runtime/test/known-bugs/state-machine.test.ts';
const time = 'runtime/test/safety-rules/time.test.ts';
const log = 'storage/test/known-bugs/log-and-snapshots.test.ts';

/** Bugs and rules that cannot live in the core. */
export const outsideMutants: readonly Mutant[] = [
  {
    name: 'waiting-client-is-stranded',
    guard: 'bug 30',
    file: 'runtime/src/proposals.ts',
    find: 'this.#takeUpTo(index, (proposal) =>',
    replace: 'this.#takeUpTo(-1, (proposal) =>',
    test: stateMachine,
  },
  {
    name: 'exception-in-apply-is-swallowed',
    guard: 'bug 40',
    file: 'runtime/src/apply-pipeline.ts',
    find:
      "assert(results.length === commands.length, 'apply answers every command');\n" +
      '    } catch (error) {\n' +
      '      this.#fail(error instanceof Error ? error : new Error(String(error)));',
    replace:
      "assert(results.length === commands.length, 'apply answers every command');\n" +
      '    } catch {',
    test: stateMachine,
  },
  {
    name: 'late-tick-is-believed',
    guard: 'rule 4',
    file: 'runtime/src/runtime.ts',
    find: 'if (lateMs > this.#options.tuning.heartbeatIntervalMs && !socketsRead) {',
    replace: 'if (lateMs < 0 && !socketsRead) {',
    test: time,
  },
  {
    name: 'clock-that-jumps-expires-sessions',
    guard: 'rule 13',
    file: 'runtime/src/sessions/session-clock.ts',
    find: 'Math.min(step, maxStepMs * 1000)',
    replace: 'Math.max(step, maxStepMs)',
    test: time,
  },
  {
    name: 'torn-tail-is-refused',
    guard: 'bug 8',
    file: 'storage/src/wal/wal-recovery.ts',
    find: 'if (later !== null) {',
    replace: 'if (later !== null || segment.endOfContent(offset) > offset) {',
    test: log,
  },
  {
    name: 'older-snapshot-is-recovered',
    guard: 'bug 42',
    file: 'storage/src/wal/log-replay.ts',
    find: 'this.table.group(record.group).snapshot = readMeta',
    replace: 'this.table.group(record.group).snapshot ??= readMeta',
    test: log,
  },
  {
    name: 'lost-fsync-is-taken-for-the-end',
    guard: 'bug 9',
    file: 'storage/src/wal/wal-recovery.ts',
    find: '    this.#refuseDamageInside(end, rest);\n',
    replace: '',
    test: log,
  },
];
