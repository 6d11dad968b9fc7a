import type { Address } from '@quorate/base';
import type { AnswerOf, Applied, CommandOf, QueryOf, ResultOf } from '@quorate/runtime';
import type { NodeId } from '@quorate/schema';
import type { MachineShape } from '../embed/machine-forms.ts';
import type { Group, MemberInfo, NodeOptions, ProposeOptions, ReadOptions } from '../embed/node.ts';
import type { ShardKey } from './shard-key.ts';

/** `count`, `replicas` and `shardOf` are the same on every node, and for good. */
export interface ShardingOptions<Machine extends MachineShape = MachineShape> {
  /** How many groups the keys are divided among, from 1 to 4096. It cannot be changed later. */
  readonly count: number;
  /** How many nodes hold each shard. Default: 3, or all founders when they are fewer. */
  readonly replicas?: number;
  /** Makes an empty state machine; called for every shard, on every node. */
  readonly create: (shard: number) => Machine;
  /**
   * Your own map from keys to shards, a whole number from 0 to `count` - 1: for keys that have to
   * be together, say. Default: `shardOfKey`.
   */
  readonly shardOf?: (key: ShardKey) => number;
}

/** As `NodeOptions`; one of `peers` and `join` is needed at every start. */
export interface ShardsOptions<Machine extends MachineShape = MachineShape>
  extends Omit<NodeOptions, 'groups' | 'admit' | 'learner' | 'locality'> {
  readonly shards: ShardingOptions<Machine>;
}

/**
 * Where a shard is, as the nodes that answered know it; of differing answers the newest
 * configuration counts.
 */
export interface ShardPlacement {
  readonly shard: number;
  /** 0: none that was reached knows one. */
  readonly leader: NodeId;
  /** Who holds it; empty when nobody who does was reached. */
  readonly members: readonly MemberInfo[];
}

/** A move that is not waited for any more is not undone. */
export interface MoveOptions {
  /** Ends the wait; what was begun stays, and the same call goes on with it. */
  readonly signal?: AbortSignal;
  /** After which it is given up, in the same way. Default: ten minutes. */
  readonly timeoutMs?: number;
}

/** One node of a cluster whose state is divided among many groups. */
export interface Shards<Machine> extends AsyncDisposable {
  readonly id: NodeId;
  /** Where peers reach it. */
  readonly address: Address;
  readonly count: number;
  shardOf(key: ShardKey): number;
  /**
   * Replicates a command in the key's shard and applies it there, wherever that is.
   *
   * @throws as `Group.propose`; HostError HOST_ANSWER_LOST
   */
  propose(
    key: ShardKey,
    command: CommandOf<Machine>,
    options?: ProposeOptions,
  ): Promise<Applied<ResultOf<Machine>>>;
  /**
   * Asks the state machine of the key's shard, wherever that is. Query and answer are plain JSON or
   * bytes.
   *
   * @throws as `Group.read`; HostError HOST_QUERY_FAILED
   */
  read(key: ShardKey, query: QueryOf<Machine>, options?: ReadOptions): Promise<AnswerOf<Machine>>;
  /**
   * One shard: for sessions, events, and reads with a function, which need a replica here
   * (NODE_SHARD_ELSEWHERE). `status` and `members` are what this node knows.
   *
   * @throws NodeError NODE_SHARD_UNKNOWN
   */
  group(shard: number): Group<Machine>;
  /** Asks every node; those that do not answer within a second are left out. */
  placement(): Promise<readonly ShardPlacement[]>;
  /**
   * Moves a replica: `to` gets the shard's data and a vote, then `from` leaves it. Proposals and
   * reads go on meanwhile, on every node. What a call that died has done counts: the same call goes
   * on with it, from any node.
   *
   * One move of a shard at a time.
   *
   * @throws NodeError NODE_SHARD_UNKNOWN, NODE_MOVE_REFUSED, NODE_MOVE_UNFINISHED; RuntimeError
   *   RUNTIME_CHANGE_REFUSED
   */
  move(
    shard: number,
    nodes: { readonly from: NodeId; readonly to: NodeId },
    options?: MoveOptions,
  ): Promise<void>;
  /**
   * Hands leaderships over until no node has two more than another that could take one.
   *
   * @returns how many were handed over
   */
  balanceLeaders(): Promise<number>;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  /** What is under way finishes, leaderships are handed over. Idempotent. */
  close(): Promise<void>;
}
