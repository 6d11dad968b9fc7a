import { Worker } from 'node:worker_threads';
import { Announcement } from './announcement.ts';
import type { Finding } from './finding.ts';
import type { RunLimits, WorkerInput, WorkerMessage } from './fuzz-worker.ts';
import { loadFuzzer } from './registry.ts';
import type { FuzzReport } from './session.ts';

export interface WatchedRunOptions extends RunLimits {
  readonly name: string;
  /** As the registry gives it. */
  readonly path: string;
  readonly seed: number;
  /** One input may take so long before it is taken for one that never ends. */
  readonly hangAfterMs?: number;
  readonly found: (finding: Finding) => void;
  readonly learnt?: (behaviour: string, input: Uint8Array) => void;
}

const maxHeapMebibytes = 1536;

/** Nothing came back: what is known is that one input was too much. */
const lostReport: FuzzReport = {
  inputs: 0,
  accepted: 0,
  rejected: 0,
  findings: 0,
  behaviours: 0,
  seconds: 0,
  inputsPerSecond: 0,
  peakHeapBytes: 0,
  heapGrowthBytes: 0,
  slowestMs: 0,
};

/**
 * Runs one fuzzer in a worker; ends it when an input hangs or exhausts the memory.
 *
 * @throws what the fuzzer itself threw outside of `run`: a defect of the fuzzer
 */
export async function runWatched(options: WatchedRunOptions): Promise<FuzzReport> {
  const { name, path, seed, inputs, seconds, found, learnt, hangAfterMs = 10_000 } = options;
  const { maxBytes } = await loadFuzzer(path);
  const announcement = Announcement.ofSize(maxBytes);
  const { shared } = announcement;
  const learns = learnt !== undefined;
  const data: WorkerInput = { name, path, seed, learns, inputs, seconds, shared };
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMebibytes },
  });
  const { promise, resolve, reject } = Promise.withResolvers<FuzzReport>();
  let report = lostReport;
  let isLost = false;
  const lose = (title: string, detail: string): void => {
    isLost = true;
    found({ title, detail, input: announcement.input });
    void worker.terminate();
  };
  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'finding') found(message.finding);
    else if (message.kind === 'learnt') learnt?.(message.behaviour, message.input);
    else report = message.report;
  });
  worker.on('error', (error: unknown) => {
    if (isOutOfMemory(error)) lose('memory exhausted', `more than ${maxHeapMebibytes} MiB`);
    else reject(error);
  });
  const watch = watchForHang(announcement, hangAfterMs, () => {
    lose('hang', `no end within ${hangAfterMs} ms`);
  });
  worker.on('exit', () => {
    clearInterval(watch);
    resolve(isLost ? { ...report, findings: report.findings + 1 } : report);
  });
  return promise;
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** Begins to count with the first input: a worker that starts slowly hangs on nothing. */
function watchForHang(
  announcement: Announcement,
  hangAfterMs: number,
  hung: () => void,
): NodeJS.Timeout {
  let lastCount = 0;
  let sinceMs = performance.now();
  return setInterval(() => {
    const { count } = announcement;
    const nowMs = performance.now();
    if (count === 0 || count !== lastCount) {
      lastCount = count;
      sinceMs = nowMs;
    } else if (nowMs - sinceMs >= hangAfterMs) {
      sinceMs = Number.POSITIVE_INFINITY;
      hung();
    }
  }, hangAfterMs / 10);
}
