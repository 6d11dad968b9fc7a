/**
 * Every unit test of the core in one process, for mutation testing: three thousand mutants times
 * forty processes would take a day. The broad and quick tests come first, so that most mutants are
 * caught in a fraction of a second; those that draw at random come last. The first failure ends it.
 *
 * The pattern of each line is of files that no other line names.
 */
import { globSync, writeSync } from 'node:fs';
import { afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';

const inOrder = [
  'transcripts/*.test.ts',
  '*.paper.test.ts',
  '{known-bugs,safety-rules,election,log,replication,reads}/*.test.ts',
  '{heartbeat,outbox,propose,queue,snapshot}.test.ts',
  'membership/{change,check-configuration,configuration-history}.test.ts',
  'membership/{legal-step,quorum,quorum-rules}.test.ts',
  'conformance/conformance.test.ts',
  'membership/change-sequences.test.ts',
];

afterEach((test) => {
  if (!('passed' in test) || test.passed) return;
  // In one synchronous write: what the reporter has not written yet goes down with the process.
  writeSync(1, `\nnot ok 1 - ${test.name}\n`);
  process.exit(1);
});

const testFolder = new URL('../', import.meta.url);
const cwd = fileURLToPath(testFolder);
for (const pattern of inOrder) {
  for (const file of globSync(pattern, { cwd }).sort()) {
    await import(new URL(file, testFolder).href);
  }
}
