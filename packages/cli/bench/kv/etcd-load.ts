import type { Children } from './children.ts';
import type { Load, LoadLevel, LoadResult } from './load.ts';

const clientsPerConnection = 10;
const summary = /ok=(\d+) err=(\d+) (\d+) ops\/s p50=([\d.]+)ms p99=([\d.]+)ms/;
const gap = /longest interval without a completed operation: ([\d.]+) ms/;

/** A program around etcd's own Go client, each connection of which uses all members in turn. */
export class EtcdLoad implements Load {
  readonly name = 'etcd-load';
  readonly #children: Children;
  readonly #program: string;

  constructor(children: Children, program: string) {
    this.#children = children;
    this.#program = program;
  }

  async run(level: LoadLevel): Promise<LoadResult> {
    const running = this.#children.start([
      this.#program,
      `-endpoints=${level.endpoints.join(',')}`,
      `-op=${level.operation}`,
      `-clients=${level.clients}`,
      `-conns=${Math.ceil(level.clients / clientsPerConnection)}`,
      `-total=${level.operations}`,
      `-dur=${level.seconds}s`,
      `-keys=${level.keys}`,
      `-val=${level.valueBytes}`,
      `-op-timeout=${level.timeoutMs}ms`,
    ]);
    const exitCode = await running.ended;
    const found = summary.exec(running.output);
    const longestGapMs = Number(gap.exec(running.output)?.[1]);
    if (exitCode !== 0 || found === null || Number.isNaN(longestGapMs)) {
      throw new Error(`${this.#program} ended with ${exitCode}:\n${running.output}`);
    }
    const [operations = 0, errors = 0, perSecond = 0, p50Ms = 0, p99Ms = 0] = found
      .slice(1)
      .map(Number);
    return { figures: { perSecond, p50Ms, p99Ms, longestGapMs, errors }, operations, remark: '' };
  }

  async stop(): Promise<void> {
    // Each level is a process of its own.
  }
}
