import type { Canary } from './canary.ts';

/** One leader, and proof of it: the election library. */
export const leadershipCanaries: readonly Canary[] = [
  {
    name: 'leader-counts-from-the-answer',
    why: 'a lease is counted from when the answer came, not from when the round was sent (rule 2)',
    file: 'raft/src/handle/heartbeat.ts',
    find:
      'progress.supportedAtMs = Math.max(progress.supportedAtMs, sentMs);\n' +
      '  progress.roundSupportMs = Math.max(progress.roundSupportMs, sentMs);',
    replace: 'progress.supportedAtMs = replica.nowMs;\n  progress.roundSupportMs = replica.nowMs;',
    scenario: 'election',
  },
  {
    name: 'lease-margin-is-negative',
    why: 'a leader leads on for a while after its lease has ended',
    file: 'election/src/core/election-timing.ts',
    find: 'return Math.max(leastMarginMs, leaseMs(timing) / 10);',
    replace: 'return -Math.max(leastMarginMs, leaseMs(timing) / 4);',
    scenario: 'election',
  },
  {
    name: 'leader-by-its-role',
    why: 'whoever is in the state of a leader leads: a process that was stopped wakes up as one',
    file: 'election/src/core/elector.ts',
    find: 'return (group.leaseUntilMs() ?? never) - this.#marginMs;',
    replace: 'return group.leaseUntilMs() === null ? never : Number.MAX_SAFE_INTEGER;',
    scenario: 'election',
  },
  {
    name: 'lead-accepted-in-another-term',
    why: 'a grant that was asked for in one term is given in a later one, by another leader',
    file: 'election/src/core/election-machine.ts',
    find: 'if (entryTerm !== term) return',
    replace: 'if (entryTerm < term) return',
    scenario: 'election',
  },
  {
    name: 'old-token-is-accepted',
    why: 'a leadership that is over speaks, and resigns, for the one that followed it',
    file: 'election/src/core/election-machine.ts',
    find: 'record?.held && record.token === token ? record',
    replace: 'record?.held && token > 0n ? record',
    scenario: 'election',
  },
  {
    name: 'token-is-the-term',
    why: 'a second leadership in a term has the token of the first: no fence tells them apart',
    file: 'election/src/core/election-machine.ts',
    find: 'const next = this.lastToken + 1n;',
    replace: 'const next = BigInt(term);',
    scenario: 'election',
  },
  {
    name: 'hand-over-before-the-loss',
    why: 'the lead is handed over first, and whoever had it hears later (rule 3)',
    file: 'runtime/src/group-driver.ts',
    find: "if (message.type === 'TimeoutNow') this.#tellHandOver();",
    replace: '',
    scenario: 'election',
  },
  {
    name: 'elected-without-a-lease',
    why: 'a leadership begins with its entry, whether or not there is a lease',
    file: 'election/src/core/elector.ts',
    find: 'if (this.#nowMs >= untilMs) return this.#leaseWait',
    replace: 'if (Number.isNaN(untilMs)) return this.#leaseWait',
    scenario: 'election',
  },
  {
    name: 'clocks-drift-too-far',
    why: 'no mistake of the code: clocks that drift further than was declared have two leaders',
    file: 'scenarios/src/election/election-plan.ts',
    find: 'const clockDrift = prng.pick([0, 0.01, 0.01, 0.05, 0.1]);',
    replace: 'const clockDrift = 0.3;',
    also: {
      file: 'scenarios/src/election/election-plan.ts',
      find: 'declaredDrift: clockDrift,',
      replace: 'declaredDrift: 0.01,',
    },
    scenario: 'election',
  },
];
