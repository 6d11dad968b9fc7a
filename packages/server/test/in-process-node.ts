import type { Address } from '@quorate/base';
import { KvStateMachine } from '@quorate/kv';
import type { ClusterMember, MemberGroup } from '@quorate/node';
import type { Applied, GroupStatus, RuntimeError } from '@quorate/runtime';
import { type Configuration, majorityConfiguration } from '@quorate/schema';
import { type EtcdResult, EtcdStateMachine } from '@quorate/server/core';

export const nodeId = 0x1_2345_6789;

/** A group of one that applies every command at once, until it is told to fail. */
export class InProcessGroup implements MemberGroup<EtcdResult> {
  readonly store = new KvStateMachine();
  readonly machine = new EtcdStateMachine(this.store);
  readonly proposed: Uint8Array[] = [];
  configuration: Configuration = majorityConfiguration([nodeId, nodeId + 1]);
  configurationIndex = 0;
  reads = 0;
  /** What every proposal and read ends with, when not null. */
  failure: RuntimeError | null = null;
  /** Proposals wait for this. */
  gate: Promise<void> = Promise.resolve();
  #index = 1;
  #leader = nodeId;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];

  async propose(command: Uint8Array): Promise<Applied<EtcdResult>> {
    this.proposed.push(command);
    await this.gate;
    if (this.failure !== null) throw this.failure;
    const index = ++this.#index;
    const [result] = this.machine.apply([{ index, term: 1, timestampMicros: index, command }]);
    return { index, result: result as EtcdResult };
  }

  async read<T>(query: () => T): Promise<T> {
    this.reads++;
    if (this.failure !== null) throw this.failure;
    return query();
  }

  status(): GroupStatus {
    return {
      group: 1,
      node: nodeId,
      role: this.#leader === nodeId ? 'leader' : 'follower',
      term: 7,
      leader: this.#leader,
      lastIndex: this.#index,
      commitIndex: this.#index,
      appliedIndex: this.#index,
      configuration: this.configuration,
      configurationIndex: this.configurationIndex,
      repairing: false,
    };
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  /** Those the lead was handed to. */
  readonly transfers: (number | null)[] = [];

  async transferLeadership(to: number | null): Promise<void> {
    this.transfers.push(to);
  }

  becomeLed(leader: number): void {
    this.#leader = leader;
    for (const listener of this.#listeners) listener(this.status());
  }
}

export class InProcessNode implements ClusterMember {
  readonly nodeId = nodeId;
  readonly address: Address = { host: '127.0.0.1', port: 1 };
  readonly etcd = new InProcessGroup();
  isClosed = false;
  writable = true;

  group<Result>(): MemberGroup<Result> {
    return this.etcd as unknown as MemberGroup<Result>;
  }

  async metricsText(): Promise<string> {
    return '# of the node\n';
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
