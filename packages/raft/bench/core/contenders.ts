import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Beyond the time it measures: to start, to warm up, to check. */
const graceMs = 120_000;
const roundPath = fileURLToPath(new URL('quorate-round.ts', import.meta.url));

export interface Work {
  readonly batch: number;
  readonly entryBytes: number;
  readonly seconds: number;
}

/** One of the programs compared. Each round is a fresh process. */
export interface Contender {
  readonly name: string;
  /** @returns entries a second, committed and applied on all three replicas */
  measure(work: Work): number;
}

export function quorate(prefix: readonly string[]): Contender {
  return {
    name: 'quorate',
    measure: (work) => {
      const { batch, entryBytes, seconds } = work;
      const words = [roundPath, batch, entryBytes, seconds].map(String);
      const output = run([...prefix, process.execPath, ...words], work);
      const { entriesPerSecond } = JSON.parse(output) as { readonly entriesPerSecond: number };
      return entriesPerSecond;
    },
  };
}

/** Go's etcd/raft by the program named, always in its faster mode: a batch in one proposal. */
export function goRaft(prefix: readonly string[], program: string): Contender {
  return {
    name: 'go raft',
    measure: (work) => {
      const { batch, entryBytes, seconds } = work;
      const flags = ['-multi', '-batch', batch, '-size', entryBytes, '-secs', seconds].map(String);
      return goEntriesPerSecond(run([...prefix, program, ...flags], work));
    },
  };
}

/** @throws Error when the output is not the program's, or its replicas differ */
function goEntriesPerSecond(output: string): number {
  const pattern = /: (\d+) entries\/s committed on all \(applied (\d+) (\d+) (\d+)\)/;
  const [, entriesPerSecond, ...applied] = pattern.exec(output) ?? [];
  if (entriesPerSecond === undefined || new Set(applied).size !== 1) {
    throw new Error(`RAFT_CORE: this is not what raft-core prints: ${output.slice(0, 500)}`);
  }
  return Number(entriesPerSecond);
}

function run([program = '', ...words]: readonly string[], { seconds }: Work): string {
  return execFileSync(program, words, {
    encoding: 'utf8',
    env: { ...process.env, GOMAXPROCS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: seconds * 1000 + graceMs,
  });
}
