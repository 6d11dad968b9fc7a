import type { Address, Logger, Network, StateMachine } from '@quorate/base';
import {
  type FedGroup,
  openReplica as openFed,
  type Replica,
  type ReplicaFollowing,
} from '@quorate/host';
import { groupIdOf } from './ids.ts';
import { processMetricsText, startProcessMetrics } from './observe/process-metrics.ts';
import { createDisklessPorts } from './real-ports.ts';

/** What is to be followed, and through whom. */
export interface FollowerOptions {
  /** 16 hex digits. */
  readonly clusterId: string;
  /** Null: not known. */
  readonly clusterName: string | null;
  /** Members or other followers, in the order of preference; at least one. */
  readonly upstream: readonly Address[];
  readonly groupName: string;
  /** An empty one of that group's kind, which the follower alone gives commands from then on. */
  readonly stateMachine: StateMachine<unknown>;
  /** Where others may follow through this one; null: nowhere. */
  readonly listen: Address | null;
  readonly following: ReplicaFollowing;
  /** Null: TCP. */
  readonly network: ((logger: Logger) => Network) | null;
  readonly logger: Logger;
  /** The state machine threw: the follower has stopped. */
  readonly onHalt: (error: Error) => void;
}

/** A copy of one group's state that is no member, and knows who leads the group. */
export interface OpenedFollower {
  /** Where others may follow through it; null: nowhere. */
  readonly address: Address | null;
  readonly group: FedGroup;
  /** So many follow through it at the moment. */
  readonly followers: number;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  close(): void;
}

/**
 * Opens a follower: as a read replica, and it is told as well who leads the group. It is fed in the
 * background from then on.
 *
 * @throws TransportError when `listen` cannot be listened on
 */
export async function openFollower(options: FollowerOptions): Promise<OpenedFollower> {
  const { clusterId, clusterName, upstream, groupName, stateMachine, listen } = options;
  const { following: follow, logger, onHalt } = options;
  startProcessMetrics();
  const ports = createDisklessPorts(logger, options.network ?? undefined);
  const id = groupIdOf(groupName);
  const groups = [{ id, name: groupName, stateMachine }];
  const named = clusterName === null ? {} : { clusterName };
  const parts = { ports, clusterId, ...named, upstream, groups, listen, follow, onHalt };
  const replica = await new Promise<Replica>((fulfil, reject) => {
    openFed(parts, (error, opened) => {
      if (opened === null) reject(error);
      else fulfil(opened);
    });
  });
  return {
    get address() {
      return replica.address;
    },
    group: replica.group(id),
    get followers() {
      return replica.followers(id);
    },
    metricsText: async () => {
      const texts = await Promise.all([ports.metrics.text(), processMetricsText()]);
      return texts.join('\n');
    },
    close: () => replica.close(),
  };
}
