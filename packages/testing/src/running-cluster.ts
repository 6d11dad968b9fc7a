import { setTimeout } from 'node:timers/promises';
import { assert } from '@quorate/base';
import { connect, type QuorateClient } from '@quorate/client';
import { RuntimeError } from '@quorate/runtime';
import { clearLeases, clearState, NotDone } from './cleared-state.ts';
import type { PeerNetwork } from './peer-network.ts';
import type { Superuser, TestClientOptions, TestCluster } from './test-cluster.ts';
import type { ClusterNode, TestNode } from './test-node.ts';

/** Between two tries to hand the lead over, and of what a leader refuses that is none any more. */
const retryAfterMs = 20;
const mostTries = 25;

export class RunningCluster implements TestCluster {
  readonly nodes: readonly ClusterNode[];
  readonly #network: PeerNetwork;
  readonly #removed: () => Promise<void>;
  readonly #clients = new Set<QuorateClient>();
  /** Told of every change of who leads. */
  readonly #waiting = new Set<() => void>();
  #closed: Promise<void> | null = null;

  /** @param removed takes away what was made for the cluster, once it is closed */
  constructor(nodes: readonly ClusterNode[], network: PeerNetwork, removed: () => Promise<void>) {
    this.nodes = nodes;
    this.#network = network;
    this.#removed = removed;
  }

  get endpoints(): readonly string[] {
    return this.nodes.map(({ endpoint }) => endpoint);
  }

  node(index: number): ClusterNode {
    const node = this.nodes[index];
    assert(node !== undefined, `nodes are counted from 0 to ${this.nodes.length - 1}`);
    return node;
  }

  async leader(among?: readonly number[]): Promise<TestNode> {
    const nodes = this.#chosen(among);
    await this.#until(() => leadingOf(nodes) !== null);
    return leadingOf(nodes) as TestNode;
  }

  /** Every node that runs knows who leads. */
  async ready(): Promise<void> {
    await this.#until(() =>
      this.nodes.every(({ server }) => server === null || server.status().leader !== 0n),
    );
  }

  leaderChanged(): void {
    for (const look of [...this.#waiting]) look();
  }

  client({ nodes, ...options }: TestClientOptions = {}): QuorateClient {
    const endpoints = this.#chosen(nodes).map(({ endpoint }) => endpoint);
    const client = connect({ ...options, endpoints });
    this.#clients.add(client);
    return client;
  }

  partition(groups: readonly (readonly number[])[]): void {
    const groupOf = new Map<number, number>();
    groups.forEach((group, at) => {
      for (const index of group) {
        assert(!groupOf.has(this.node(index).index), `node ${index} is in one group only`);
        groupOf.set(index, at);
      }
    });
    for (const { index: one } of this.nodes) {
      for (const { index: other } of this.nodes) {
        if (one < other && groupOf.get(one) !== groupOf.get(other)) this.#network.cut(one, other);
      }
    }
  }

  isolate(node: number): void {
    this.partition([[node]]);
  }

  pause(node: number): void {
    this.#network.pause(this.node(node).index);
  }

  resume(node: number): void {
    this.#network.resume(this.node(node).index);
  }

  delay(delayMs: number): void {
    assert(delayMs >= 0, 'nothing arrives before it is sent');
    this.#network.delay(delayMs);
  }

  slowDisk(node: number, slowMs: number): void {
    assert(slowMs >= 0, 'nothing is written before it is asked for');
    this.node(node).faults.slowMs = slowMs;
  }

  failFsync(node: number): void {
    this.node(node).faults.failsNext = true;
  }

  fillDisk(node: number): void {
    this.node(node).faults.isFull = true;
  }

  heal(): void {
    this.#network.heal();
    for (const { faults } of this.nodes) {
      faults.slowMs = 0;
      faults.failsNext = false;
      faults.isFull = false;
    }
  }

  async transferLeadership(to: number): Promise<void> {
    const node = this.node(to);
    for (;;) {
      const leader = this.node((await this.leader()).index);
      if (leader === node) return;
      try {
        await leader.server?.transferLeadership(node.status().memberId);
        await this.#until(() => leadingOf(this.nodes) === node);
        return;
      } catch (error) {
        // Not caught up yet, or another leads meanwhile.
        if (!(error instanceof RuntimeError)) throw error;
        await setTimeout(retryAfterMs);
      }
    }
  }

  async expireLeases(as?: Superuser): Promise<number> {
    return this.#withLeader((leader) => clearLeases(leader, as ?? null));
  }

  async reset(as?: Superuser): Promise<void> {
    this.heal();
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.ready();
    await this.#withLeader((leader) => clearState(leader, as ?? null));
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.close()));
    // Nobody is to take over any more, so nobody looks for a successor.
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.#network.close();
    await this.#removed();
  }

  #chosen(among?: readonly number[]): readonly ClusterNode[] {
    return among?.map((index) => this.node(index)) ?? this.nodes;
  }

  /** Leaders may change meanwhile; all that is done here may be done twice. */
  async #withLeader<T>(work: (leader: TestNode) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const leader = await this.leader();
      try {
        return await work(leader);
      } catch (error) {
        if (!(error instanceof NotDone && error.mayPass) || tries === mostTries) throw error;
        await setTimeout(tries * retryAfterMs);
      }
    }
  }

  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}

function leadingOf(nodes: readonly ClusterNode[]): ClusterNode | null {
  let found: ClusterNode | null = null;
  let highest = -1;
  for (const node of nodes) {
    const status = node.server?.status();
    if (status === undefined || status.role !== 'leader' || status.term <= highest) continue;
    highest = status.term;
    found = node;
  }
  return found;
}
