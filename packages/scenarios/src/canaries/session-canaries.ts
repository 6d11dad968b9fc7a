import type { Canary } from './canary.ts';

/** Exactly once, and what a session's client is told. */
export const sessionCanaries: readonly Canary[] = [
  {
    name: 'answers-are-lost-by-a-snapshot',
    why: 'a replica that begins from a snapshot applies again what a client sends again',
    file: 'runtime/src/sessions/snapshot-format.ts',
    find: 'session.restoreAnswer(sequence, index, bytes);',
    replace: 'if (sequence === 0) session.restoreAnswer(sequence, index, bytes);',
  },
  {
    name: 'session-time-without-a-bound',
    why: 'one leader whose clock is wrong ends every session at once (rule 13)',
    file: 'runtime/src/sessions/session-clock.ts',
    find: 'this.nowMicros += Math.min(step, maxStepMs * 1000);',
    replace: 'this.nowMicros += Math.max(step, maxStepMs);',
  },
  {
    name: 'session-forgets-what-was-asked',
    why: 'a client whose session has ended takes what it does not know for what did not happen',
    file: 'runtime/src/sessions/client-commands.ts',
    find: "const kind = one.maybeApplied || one.inFlight ? 'outcomeUnknown' : 'notApplied';",
    replace: "const kind = one.inFlight ? 'outcomeUnknown' : 'notApplied';",
  },
  {
    name: 'stale-command-is-applied',
    why: 'a late copy of a command that was given up is applied after all',
    file: 'runtime/src/sessions/session.ts',
    find: "if (sequence < this.acknowledgedBelow) return 'stale';",
    replace: "if (sequence < 0) return 'stale';",
  },
];
