// One fuzzer in a thread of its own, so that an input that hangs or eats all memory ends nothing
// else. Started by watched-run.ts.
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Announcement } from './announcement.ts';
import { readCorpus } from './corpus.ts';
import { realEnvironment } from './environment.ts';
import type { Finding } from './finding.ts';
import { corpusFolder, loadFuzzer } from './registry.ts';
import { type FuzzReport, FuzzSession } from './session.ts';

/** How long a run goes on: as soon as one of the two is reached. */
export interface RunLimits {
  readonly inputs: number;
  readonly seconds: number;
}

export interface WorkerInput extends RunLimits {
  readonly name: string;
  readonly path: string;
  readonly seed: number;
  /** Whether to tell inputs with new behaviours. */
  readonly learns: boolean;
  readonly shared: SharedArrayBuffer;
}

export type WorkerMessage =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'learnt'; readonly behaviour: string; readonly input: Uint8Array }
  | { readonly kind: 'progress' | 'done'; readonly report: FuzzReport };

const progressEveryMs = 2000;
/** What is outside of V8's heap, such as a decompressor's memory, is freed between turns. */
const turnEveryMs = 100;

const { name, path, seed, learns, inputs, seconds, shared } = workerData as WorkerInput;
const post = (message: WorkerMessage): void => parentPort?.postMessage(message);
const announcement = new Announcement(shared);
const environment = realEnvironment();
const learnt = (behaviour: string, input: Uint8Array): void => {
  post({ kind: 'learnt', behaviour, input });
};
const session = new FuzzSession({
  fuzzer: await loadFuzzer(path),
  seed,
  environment,
  announce: (input) => announcement.announce(input),
  found: (finding) => post({ kind: 'finding', finding }),
  ...(learns ? { learnt } : {}),
});
const startedMs = environment.nowMs();
let reportedMs = startedMs;
let turnedMs = startedMs;
for (const { bytes } of readCorpus(corpusFolder(name, path))) session.replay(bytes);
for (let count = 0; count < inputs; count++) {
  const nowMs = environment.nowMs();
  if (nowMs - startedMs >= seconds * 1000) break;
  if (nowMs - reportedMs >= progressEveryMs) {
    reportedMs = nowMs;
    post({ kind: 'progress', report: session.report });
  }
  if (nowMs - turnedMs >= turnEveryMs) {
    turnedMs = nowMs;
    await setImmediate();
  }
  session.step();
}
post({ kind: 'done', report: session.report });
