import type { Children } from './children.ts';
import type { Load, LoadLevel, LoadResult } from './load.ts';

const clientsPerConnection = 10;
const summary = /ok=(\d+) err=(\d+) (\d+) ops\/s p50=([\d.]+)ms p99=([\d.]+)ms/;

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
      '-op=put',
      `-clients=${level.clients}`,
      `-conns=${Math.ceil(level.clients / clientsPerConnection)}`,
      `-total=${level.puts}`,
      `-dur=${level.seconds}s`,
      `-keys=${level.keys}`,
      `-val=${level.valueBytes}`,
    ]);
    const exitCode = await running.ended;
    const found = summary.exec(running.output);
    if (exitCode !== 0 || found === null) {
      throw new Error(`${this.#program} ended with ${exitCode}:\n${running.output}`);
    }
    const [puts = 0, errors = 0, putsPerSecond = 0, p50Ms = 0, p99Ms = 0] = found
      .slice(1)
      .map(Number);
    return { figures: { putsPerSecond, p50Ms, p99Ms, errors }, puts, remark: '' };
  }

  async stop(): Promise<void> {
    // Each level is a process of its own.
  }
}
