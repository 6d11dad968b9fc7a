import type { ClientOptions, QuorateClient } from '@quorate/client';
import type { HostTuning } from '@quorate/host';
import type { LogOptions } from '@quorate/node';
import type { AuthOptions } from '@quorate/server';
import type { TestNode } from './test-node.ts';

/** Everything may be left out. */
export interface TestClusterOptions {
  /** From 1, the default, to 9. */
  readonly nodes?: number;
  /** `disk`: in a temporary directory, with its fsyncs, removed at the end. Default: `memory`. */
  readonly storage?: 'memory' | 'disk';
  /** What is not as fast as can be; see `fastTuning`. */
  readonly tuning?: Partial<HostTuning>;
  /** How users are recognized; users themselves are made with a client. */
  readonly auth?: AuthOptions;
  readonly quotaBytes?: number;
  /** Default: silent. */
  readonly log?: LogOptions;
}

/** As for any client; it gets the endpoints from the cluster. */
export interface TestClientOptions extends Omit<ClientOptions, 'endpoints'> {
  /** Those it may ask; left out, all. */
  readonly nodes?: readonly number[];
}

/** A user who may do everything. */
export interface Superuser {
  readonly user: string;
  readonly password: string;
}

/**
 * A cluster in this process: real servers on ports of 127.0.0.1, which among themselves talk
 * through a network that can fail. Nodes are counted from 0.
 *
 * Time is real: a lease of 5 s takes 5 s, and elections take what `tuning` says. What makes a test
 * faster is said of each method; none of them turns a clock.
 */
export interface TestCluster extends AsyncDisposable {
  /** `host:port` of each node, whether it runs or not. They stay the same. */
  readonly endpoints: readonly string[];
  readonly nodes: readonly TestNode[];
  node(index: number): TestNode;
  /**
   * The running node that leads in the highest term; waits for one. A leader that was cut off
   * believes for an election timeout that it leads: `among` says who is meant.
   *
   * @param among left out, all nodes
   */
  leader(among?: readonly number[]): Promise<TestNode>;
  /** Closed with the cluster. */
  client(options?: TestClientOptions): QuorateClient;
  /**
   * Cuts every connection between nodes of different groups. Nodes that are not named are a group
   * together. What was cut before stays so. Clients still reach every node, also one that can do
   * nothing for them: see `nodes` of `client`.
   */
  partition(groups: readonly (readonly number[])[]): void;
  /** `partition` of this node from all others. */
  isolate(node: number): void;
  /** Peers' messages to and from this node wait, and none is lost; the node itself goes on. */
  pause(node: number): void;
  resume(node: number): void;
  /** How long every message takes from one node to another. */
  delay(delayMs: number): void;
  /** How much longer each write of this node's log takes. */
  slowDisk(node: number, slowMs: number): void;
  /** The next write of this node's log fails; it stops itself then: see `TestNode.failure`. */
  failFsync(node: number): void;
  /** There is no room left for this node's log. */
  fillDisk(node: number): void;
  /** Ends every fault of the network and of disks. Nodes that were stopped stay so. */
  heal(): void;
  /** Fulfilled when this node leads and says so. */
  transferLeadership(to: number): Promise<void>;
  /**
   * Revokes every lease there is, so that nobody has to wait for its end: keys go and watchers are
   * told in the same way.
   *
   * @param as needed when users are on
   * @returns how many there were
   */
  expireLeases(as?: Superuser): Promise<number>;
  /**
   * For the next test: heals, starts what was stopped, and removes all keys, leases and alarms.
   * Revisions go on from where they were; users and roles stay.
   *
   * @param as needed when users are on
   */
  reset(as?: Superuser): Promise<void>;
  /** Stops everything and leaves nothing behind. Idempotent. */
  close(): Promise<void>;
}
