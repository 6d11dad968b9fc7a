import { globSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The broad and quick tests come first, so that most mutants are caught in milliseconds; those that
 * enumerate or draw at random come last. The pattern of each line is of files that no other names.
 */
const inOrder = [
  'transcripts/*.test.ts',
  '{election,handle,log,quiescence,reads,replication}/*.test.ts',
  'membership/{change,check-configuration,configuration-history,failure-domains}.test.ts',
  'membership/{membership,membership-state,reconfiguration}.test.ts',
  '{raft,raft-*,replica,replica-*}.test.ts',
  '{heartbeat,outbox,propose,queue,snapshot}.test.ts',
  '{known-bugs,safety-rules}/*.test.ts',
  '*.paper.test.ts',
  'membership/{legal-step,quorum,quorum-rules}.test.ts',
  'conformance/conformance.test.ts',
  'membership/change-sequences.test.ts',
];

/** Paths of every unit test of the core, in the order in which they are run against a mutant. */
export function unitTestFiles(testFolder: string): string[] {
  return inOrder.flatMap((pattern) =>
    globSync(pattern, { cwd: testFolder })
      .sort()
      .map((file) => join(testFolder, file)),
  );
}
