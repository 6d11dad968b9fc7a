import type { Address, LogFields, StateMachine } from '@quorate/base';
import type { HostTuning } from '@quorate/host';
import type { Applied, GroupStatus } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';

export interface NodeOptions {
  readonly nodeId: NodeId;
  /** 16 hex digits; see `clusterIdOf`. */
  readonly clusterId: string;
  readonly dataDirectory: string;
  readonly listen: Address;
  /** All voters of a new cluster, this node included. */
  readonly members: ReadonlyMap<NodeId, Address>;
  /** By name; names are permanent, for they decide each group's id. */
  readonly groups: Readonly<Record<string, StateMachine<unknown>>>;
  readonly tuning?: Partial<HostTuning>;
  readonly log?: LogOptions;
  /** Called when the node had to stop itself (a failed fsync, say). Default: exit with code 1. */
  readonly onHalt?: (error: Error) => void;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'json' | 'logfmt';
  readonly fields?: LogFields;
}

export interface NodeGroup<Result> {
  /** @throws RuntimeError; see docs/reference/errors.md for each code */
  propose(command: Uint8Array): Promise<Applied<Result>>;
  /**
   * Runs `query` on the local state once it is known to be up to date (linearizable).
   * `query` must be synchronous: an await inside would let the state move on.
   */
  read<T>(query: () => T): Promise<T>;
  status(): GroupStatus;
  onLeadership(listener: (status: GroupStatus) => void): void;
}

export interface QuorateNode extends AsyncDisposable {
  readonly nodeId: NodeId;
  readonly address: Address;
  group<Result>(name: string): NodeGroup<Result>;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  close(): Promise<void>;
}
