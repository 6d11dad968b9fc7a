import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimpleEntry, SimpleStateMachine } from '@quorate/runtime';
import { type NodeOptions, openNode, type QuorateNode } from '../../src/index.ts';

export interface Add {
  readonly add: number;
}

/** Adds up, and remembers what it was told. */
export class Counter implements SimpleStateMachine<Add, number, 'value', number> {
  value = 0;
  applied = 0;

  apply(command: Add, _entry: SimpleEntry): number {
    this.applied += 1;
    this.value += command.add;
    return this.value;
  }

  query(query: 'value'): number {
    return query === 'value' ? this.value : Number.NaN;
  }

  checkCommand(command: unknown): void {
    const { add } = (command ?? {}) as Partial<Add>;
    if (!Number.isSafeInteger(add)) throw new TypeError('add is not a whole number');
  }

  toJSON(): unknown {
    return [this.value, this.applied];
  }

  fromJSON(state: unknown): void {
    [this.value, this.applied] = state as [number, number];
  }
}

export type CounterNode = QuorateNode<{ readonly counter: () => Counter }>;

const givenPorts = new Set<number>();

/**
 * A port that was free a moment ago and was not given before. Below those that the system lends to
 * outgoing connections, so that a node that is started again finds its own still free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (givenPorts.has(port) || !(await isFree(port))) continue;
    givenPorts.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

/** Nodes on this machine, with directories of their own; everything is gone at the end. */
export class TestCluster implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'quorate-embed-'));
  readonly ports = new Map<number, number>();
  readonly nodes = new Map<number, CounterNode>();

  static async of(count: number, given: Partial<NodeOptions> = {}): Promise<TestCluster> {
    const cluster = new TestCluster();
    const ids = Array.from({ length: count }, (_, at) => at + 1);
    for (const id of ids) cluster.ports.set(id, await freePort());
    const peers = cluster.peers(ids);
    await Promise.all(ids.map((id) => cluster.open(id, { peers, ...given })));
    return cluster;
  }

  peers(ids: readonly number[]): Record<number, string> {
    return Object.fromEntries(ids.map((id) => [id, this.addressOf(id)]));
  }

  addressOf(id: number): string {
    return `127.0.0.1:${this.ports.get(id)}`;
  }

  async open(id: number, given: Partial<NodeOptions>): Promise<CounterNode> {
    if (!this.ports.has(id)) this.ports.set(id, await freePort());
    const node = await openNode({
      id,
      dataDir: join(this.directory, `node${id}`),
      listen: this.addressOf(id),
      log: { level: 'silent', format: 'json' },
      tuning: { heartbeatIntervalMs: 30, electionTimeoutMs: 300 },
      onHalt: () => undefined,
      ...given,
      groups: { counter: () => new Counter() },
    });
    this.nodes.set(id, node);
    return node;
  }

  node(id: number): CounterNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} was opened`);
    return node;
  }

  async close(id: number): Promise<void> {
    await this.node(id).close();
    this.nodes.delete(id);
  }

  /** Some node that leads, once there is one. */
  async leader(): Promise<number> {
    const { leader } = this.anyGroup().status();
    if (leader !== 0) return leader;
    for await (const event of this.anyGroup().leadership()) {
      const { leader: known } = this.anyGroup().status();
      if (known !== 0 && event.kind !== 'lost') return known;
    }
    throw new Error('the node was closed');
  }

  anyGroup(): ReturnType<CounterNode['group']> {
    const [first] = this.nodes.values();
    if (first === undefined) throw new Error('a node is open');
    return first.group('counter');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
