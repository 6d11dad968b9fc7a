import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimpleStateMachine } from '@quorate/runtime';
import { openShards, type Shards, type ShardsOptions } from '../../src/index.ts';
import { freePort } from '../embed/test-cluster.ts';

export interface Append {
  readonly key: string;
  readonly value: number;
}

/** Lists by key; what was appended, in order. */
export class Lists implements SimpleStateMachine<Append, number, string, readonly number[]> {
  readonly shard: number;
  lists = new Map<string, number[]>();

  constructor(shard: number) {
    this.shard = shard;
  }

  apply({ key, value }: Append): number {
    const list = this.lists.get(key) ?? [];
    this.lists.set(key, list);
    return list.push(value);
  }

  query(key: string): readonly number[] {
    if (key === '') throw new RangeError('no key');
    return this.lists.get(key) ?? [];
  }

  toJSON(): unknown {
    return [...this.lists];
  }

  fromJSON(state: unknown): void {
    this.lists = new Map(state as [string, number[]][]);
  }
}

export const testTuning = {
  heartbeatIntervalMs: 50,
  electionTimeoutMs: 500,
  segmentBytes: 1024 * 1024,
};

export type ListShards = Shards<Lists>;

export interface Given extends Omit<Partial<ShardsOptions<Lists>>, 'shards'> {
  readonly count?: number;
  readonly replicas?: number;
}

export const code = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected;

/** Nodes on this machine, with directories of their own; everything is gone at the end. */
export class ShardedCluster implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'quorate-shards-'));
  readonly ports = new Map<number, number>();
  readonly nodes = new Map<number, ListShards>();
  readonly #given: Given;

  private constructor(given: Given) {
    this.#given = given;
  }

  static async of(founders: number, given: Given = {}): Promise<ShardedCluster> {
    const cluster = new ShardedCluster(given);
    const ids = Array.from({ length: founders }, (_, at) => at + 1);
    for (const id of ids) cluster.ports.set(id, await freePort());
    const peers = cluster.peers(ids);
    await Promise.all(ids.map((id) => cluster.open(id, { peers })));
    return cluster;
  }

  peers(ids: readonly number[]): Record<number, string> {
    return Object.fromEntries(ids.map((id) => [id, this.addressOf(id)]));
  }

  addressOf(id: number): string {
    return `127.0.0.1:${this.ports.get(id)}`;
  }

  async open(id: number, given: Given): Promise<ListShards> {
    if (!this.ports.has(id)) this.ports.set(id, await freePort());
    const { count = 6, replicas, ...options } = { ...this.#given, ...given };
    const node = await openShards({
      id,
      dataDir: join(this.directory, `node${id}`),
      listen: this.addressOf(id),
      log: { level: 'silent', format: 'json' },
      tuning: testTuning,
      onHalt: () => undefined,
      ...options,
      shards: {
        count,
        create: (shard) => new Lists(shard),
        ...(replicas === undefined ? {} : { replicas }),
      },
    });
    this.nodes.set(id, node);
    return node;
  }

  node(id: number): ListShards {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} was opened`);
    return node;
  }

  /** Once each shard has a leader that everyone asked agrees on. */
  async settled(): Promise<void> {
    const [node] = this.nodes.values();
    if (node === undefined) throw new Error('a node is open');
    for (let shard = 0; shard < node.count; shard++) {
      await node.read(keyOf(node, shard), keyOf(node, shard));
    }
  }

  async close(id: number): Promise<void> {
    await this.node(id).close();
    this.nodes.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Some key of the shard. */
export function keyOf(shards: Pick<ListShards, 'shardOf'>, shard: number): string {
  for (let at = 0; ; at++) if (shards.shardOf(`key-${at}`) === shard) return `key-${at}`;
}
