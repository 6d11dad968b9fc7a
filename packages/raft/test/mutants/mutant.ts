/** A mistake that can be made by one edit of a source file, and the test that must notice it. */
export interface Mutant {
  readonly name: string;
  /** The test, by the beginning of its name: `bug 16`, `rule 3`. */
  readonly guard: string;
  /** Below packages/. */
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The file with the test, below packages/. */
  readonly test: string;
}

export const raftTests = {
  elections: 'raft/test/known-bugs/elections-and-durability.test.ts',
  membership: 'raft/test/known-bugs/membership.test.ts',
  replication: 'raft/test/known-bugs/replication-and-snapshots.test.ts',
  reads: 'raft/test/known-bugs/reads-and-transfer.test.ts',
  operation: 'raft/test/known-bugs/operation.test.ts',
  leases: 'raft/test/safety-rules/time-and-leases.test.ts',
  quorums: 'raft/test/safety-rules/quorums-and-membership.test.ts',
  repair: 'raft/test/safety-rules/repair.test.ts',
  quiescence: 'raft/test/safety-rules/quiescence-and-durability.test.ts',
} as const;
