import { type Address, type Clock, formatAddress, type Timers } from '@quorate/base';
import type { DescribedGroup, Host, Survey } from '@quorate/host';
import type { Applied } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import type { Group, MemberInfo, ProposeOptions, ReadOptions } from '../embed/node.ts';
import type { OpenedMember } from '../member.ts';
import { NodeError } from '../node-error.ts';
import { calledBack } from './called-back.ts';
import { planHandovers } from './leader-balance.ts';
import { ShardMove } from './move-shard.ts';
import type { ShardGroup } from './shard-group.ts';
import type { ShardKey } from './shard-key.ts';
import type { MoveOptions, ShardPlacement, Shards } from './shards.ts';
import { shardWithin } from './shards-options.ts';

export interface RunningShardsParts {
  readonly member: OpenedMember;
  readonly clock: Clock;
  readonly timers: Timers;
  /** By shard. */
  readonly groups: readonly ShardGroup[];
  readonly groupIds: readonly GroupId[];
  readonly replicas: number;
  readonly shardOf: (key: ShardKey) => number;
  /** Where nodes were at the start. */
  readonly addresses: ReadonlyMap<NodeId, Address>;
}

const handoverTimeoutMs = 10_000;
const handoversAtATime = 8;

/** It is a `Shards` of its state machine's own types for whoever named that machine. */
export class RunningShards implements Omit<Shards<unknown>, 'propose' | 'read' | 'group'> {
  readonly #parts: RunningShardsParts;
  /** By shard: the moves that this process makes of it, one after the other. */
  readonly #moves = new Map<number, Promise<void>>();

  constructor(parts: RunningShardsParts) {
    this.#parts = parts;
  }

  get id(): NodeId {
    return this.#parts.member.nodeId;
  }

  get address(): Address {
    return this.#parts.member.address;
  }

  get count(): number {
    return this.#parts.groups.length;
  }

  shardOf(key: ShardKey): number {
    return this.#parts.shardOf(key);
  }

  group(shard: number): Group<unknown> {
    return this.#group(shard) as unknown as Group<unknown>;
  }

  async propose(
    key: ShardKey,
    command: unknown,
    options?: ProposeOptions,
  ): Promise<Applied<unknown>> {
    return this.#group(this.shardOf(key)).propose(command, options);
  }

  async read(key: ShardKey, query: unknown, options?: ReadOptions): Promise<unknown> {
    return this.#group(this.shardOf(key)).read(query, options);
  }

  async placement(): Promise<readonly ShardPlacement[]> {
    const { groups } = await this.#survey();
    return this.#parts.groupIds.map((id, shard) => {
      const found = groups.get(id);
      return { shard, leader: found?.leader ?? 0, members: this.#membersOf(found) };
    });
  }

  #membersOf(found: DescribedGroup | undefined): readonly MemberInfo[] {
    const { addresses } = this.#parts;
    const { members = [], leader } = found ?? {};
    return members
      .map(({ id, address, role }) => {
        const given = addresses.get(id);
        const known = address === '' && given !== undefined ? formatAddress(given) : address;
        return { id, address: known, role, isLeader: id === leader };
      })
      .sort((a, b) => a.id - b.id);
  }

  async move(
    shard: number,
    { from, to }: { readonly from: NodeId; readonly to: NodeId },
    options: MoveOptions = {},
  ): Promise<void> {
    const { groupIds, member, clock, timers, replicas, addresses } = this.#parts;
    const group = groupIds[shardWithin(shard, this.count)] as GroupId;
    for (const [field, node] of Object.entries({ from, to })) checkNode(shard, field, node);
    if (from === to) throw refused(shard, `from and to are both ${from}`);
    const { host } = member;
    const parts = { host, clock, timers, group, shard, from, to, replicas, addresses };
    const before = this.#moves.get(shard) ?? Promise.resolve();
    // Whatever became of the one before: the shard's configuration says what is to be done.
    const move = before.catch(() => undefined).then(() => new ShardMove(parts, options).run());
    this.#moves.set(shard, move);
    try {
      await move;
    } finally {
      if (this.#moves.get(shard) === move) this.#moves.delete(shard);
    }
  }

  async balanceLeaders(): Promise<number> {
    const { groups, nodes } = await this.#survey();
    const { groupIds, member } = this.#parts;
    const led = groupIds.map((id, shard) => {
      const { leader = 0, members = [] } = groups.get(id) ?? {};
      // Who does not answer is not given more to do.
      const voters = members.filter((one) => one.role === 'voter' && nodes.has(one.id));
      return { shard, leader, voters: voters.map((one) => one.id) };
    });
    const plan = [...planHandovers(led)];
    let handedOver = 0;
    const hand = async (): Promise<void> => {
      for (let next = plan.shift(); next !== undefined; next = plan.shift()) {
        const { shard, to } = next;
        const isDone = await handOver(member.host, groupIds[shard] as GroupId, to);
        if (isDone) handedOver += 1;
      }
    };
    await Promise.all(Array.from({ length: handoversAtATime }, hand));
    return handedOver;
  }

  metricsText(): Promise<string> {
    return this.#parts.member.metricsText();
  }

  async close(): Promise<void> {
    const { groups, member } = this.#parts;
    await Promise.all(groups.map((group) => group.drain()));
    await member.close();
    for (const group of groups) group.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #group(shard: number): ShardGroup {
    return this.#parts.groups[shardWithin(shard, this.count)] as ShardGroup;
  }

  #survey(): Promise<Survey> {
    const { host } = this.#parts.member;
    return calledBack((done) => host.survey(null, (survey) => done(null, survey)));
  }
}

/** A hand-over that fails leaves the lead where it is, or with a third: the next plan sees that. */
function handOver(host: Host, group: GroupId, to: NodeId): Promise<boolean> {
  return new Promise((fulfil) => {
    host.transferLeadership(group, to, handoverTimeoutMs, (error) => fulfil(error === null));
  });
}

function checkNode(shard: number, field: string, node: unknown): void {
  if (Number.isSafeInteger(node) && Number(node) > 0) return;
  throw refused(shard, `${field} is ${String(node)}, no node's id`);
}

function refused(shard: number, reason: string): NodeError {
  const message = `shard ${shard} is not moved: ${reason}`;
  return new NodeError('NODE_MOVE_REFUSED', message, { shard, reason });
}
