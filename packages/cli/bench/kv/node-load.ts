import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Children } from './children.ts';
import { percentile } from './figures.ts';
import type { Load, LoadLevel, LoadResult } from './load.ts';
import type { WorkerOrder, WorkerReport } from './node-load-worker.ts';

const workerPath = fileURLToPath(new URL('node-load-worker.ts', import.meta.url));
/** More of them take the processors from the servers, fewer are the bottleneck themselves. */
const workerLimit = Math.min(4, Math.max(2, availableParallelism() >>> 1));
const clientsPerConnection = 50;
/** A process that takes this much of a core has no time to wait for answers. */
const bottleneckShare = 0.85;

/** @quorate/client in several processes, each with connections of its own. */
export class NodeLoad implements Load {
  readonly name = '@quorate/client';
  readonly #children: Children;
  readonly #workers: ChildProcess[];

  constructor(children: Children) {
    this.#children = children;
    this.#workers = Array.from({ length: workerLimit }, () => children.fork(workerPath));
  }

  async run(level: LoadLevel): Promise<LoadResult> {
    const used = this.#workers.slice(0, Math.min(this.#workers.length, level.clients));
    const reports = await Promise.all(
      used.map((worker, index) => ask(worker, this.#share(level, index, used.length))),
    );
    const latencies = sortedOf(reports.map(({ latenciesMs }) => latenciesMs));
    const answers = sortedOf(reports.map(({ answeredAtMs }) => answeredAtMs));
    const count = latencies.length;
    const seconds = Math.max(...reports.map((report) => report.seconds));
    const shares = reports.map((one) => one.processorSeconds / one.seconds);
    return {
      figures: {
        perSecond: count / seconds,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        longestGapMs: longestGap(answers),
        errors: reports.reduce((sum, { errors }) => sum + errors, 0),
      },
      operations: count,
      remark: describeClient(shares),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => this.#children.stop(worker)));
  }

  #share(level: LoadLevel, index: number, of: number): WorkerOrder {
    const part = (total: number): number => Math.floor((total + index) / of);
    const clients = part(level.clients);
    const connections = Math.ceil(clients / clientsPerConnection);
    return {
      ...level,
      clients,
      operations: part(level.operations),
      connections,
      seed: index * 0x1000_0000,
    };
  }
}

async function ask(worker: ChildProcess, order: WorkerOrder): Promise<WorkerReport> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(worker, 'exit', { signal }).then(() => {
    throw new Error('a process of the client has ended');
  });
  try {
    const answered = once(worker, 'message', { signal });
    worker.send(order);
    const [report]: WorkerReport[] = await Promise.race([answered, ended]);
    if (report === undefined) throw new Error('a process of the client has said nothing');
    return report;
  } finally {
    waiting.abort();
  }
}

function sortedOf(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

function longestGap(sorted: Float64Array): number {
  let longest = 0;
  for (let at = 1; at < sorted.length; at++) {
    longest = Math.max(longest, (sorted[at] ?? 0) - (sorted[at - 1] ?? 0));
  }
  return longest;
}

/** @param shares how much of a core each process took */
function describeClient(shares: readonly number[]): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const busiest = Math.max(...shares);
  const all = percent(shares.reduce((sum, share) => sum + share, 0));
  const words = `client ${all} of a core, its busiest process ${percent(busiest)}`;
  return busiest > bottleneckShare ? `${words}: it is the bottleneck` : words;
}
