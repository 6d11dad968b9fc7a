import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initNode, type RaftifyNode, type RaftifyOptions } from '../../src/raftify/index.ts';
import { freePort } from '../node/free-port.ts';
import { temporaryDirectory } from '../node/temporary-directory.ts';

export const silent = { level: 'silent', format: 'logfmt' } as const;

type Json = Readonly<Record<string, unknown>>;

/** Directories with a raftify.json each, and the nodes that were started from them. */
export class Rig implements AsyncDisposable {
  readonly addresses: readonly string[];
  readonly #directory = temporaryDirectory();
  readonly #running = new Set<RaftifyNode>();
  readonly #ended = new AbortController();
  readonly #starting = new Set<Promise<unknown>>();

  private constructor(addresses: readonly string[]) {
    this.addresses = addresses;
  }

  /** So many addresses, sorted as plans sort them. */
  static async make(count: number): Promise<Rig> {
    const addresses: string[] = [];
    while (addresses.length < count) addresses.push(`127.0.0.1:${await freePort()}`);
    return new Rig(addresses.sort());
  }

  directoryOf(at: number): string {
    return join(this.#directory.path, `node${at}`);
  }

  dataOf(at: number): string {
    return join(this.directoryOf(at), 'quorate');
  }

  /** As all of them have it, but for what is given. */
  configure(at: number, given: Json = {}): void {
    const [host, port] = (this.addresses[at] ?? '').split(':');
    const config = {
      id: `n${at}`,
      max_nodes: this.addresses.length,
      expect: this.addresses.length,
      log_level: 'ERR',
      bind_addr: host,
      bind_port: Number(port),
      peer_list: this.addresses,
      ...given,
    };
    mkdirSync(this.directoryOf(at), { recursive: true });
    writeFileSync(join(this.directoryOf(at), 'raftify.json'), JSON.stringify(config));
  }

  start(at: number, options: Partial<RaftifyOptions> = {}): Promise<RaftifyNode> {
    const { signal } = this.#ended;
    const starting = initNode({ directory: this.directoryOf(at), log: silent, signal, ...options });
    this.#starting.add(starting);
    const started = starting.then((node) => {
      this.#running.add(node);
      return node;
    });
    started.catch(() => undefined);
    return started;
  }

  /** Configures and starts all. */
  startAll(given: Json = {}, options: Partial<RaftifyOptions> = {}): Promise<RaftifyNode[]> {
    return Promise.all(
      this.addresses.map((_, at) => {
        this.configure(at, given);
        return this.start(at, options);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#running].map((node) => node.shutdown()));
    this.#directory[Symbol.dispose]();
  }
}

/** Waits are told apart from hangs, and what hangs leaves no process behind. */
const patienceMs = 60_000;

/** Until one of them says that it leads, and it is not `other`. */
export async function leaderOf(
  nodes: readonly RaftifyNode[],
  other: RaftifyNode | null = null,
): Promise<RaftifyNode> {
  const leading = (): RaftifyNode | undefined =>
    nodes.find((node) => node !== other && node.getState() === 'Leader');
  await until(() => leading() !== undefined, nodes);
  return leading() ?? leaderOf(nodes, other);
}

/** Until it is so; `nodes`: whose states the error names when it never is. */
export async function until(
  isSo: () => boolean,
  nodes: readonly RaftifyNode[] = [],
): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!isSo()) {
    const states = nodes.map((node) => node.getState()).join(', ');
    if (performance.now() > endMs) throw new Error(`never: ${isSo} (${states})`);
    await new Promise((fulfil) => setTimeout(fulfil, 10));
  }
}
