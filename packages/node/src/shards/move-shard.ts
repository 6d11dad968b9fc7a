import type { Address, Clock, Timers } from '@quorate/base';
import {
  type DescribedGroup,
  type Host,
  HostError,
  type MetMember,
  type Survey,
} from '@quorate/host';
import type { GroupId, NodeId } from '@quorate/schema';
import { NodeError } from '../node-error.ts';
import { calledBack } from './called-back.ts';
import type { MoveOptions } from './shards.ts';

export interface MoveParts {
  readonly host: Host;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly group: GroupId;
  readonly shard: number;
  readonly from: NodeId;
  readonly to: NodeId;
  /** How many nodes hold a shard that is not being moved. */
  readonly replicas: number;
  /** Where nodes were at the start. */
  readonly addresses: ReadonlyMap<NodeId, Address>;
}

const defaultTimeoutMs = 600_000;
const pollMs = 100;
/** A node that was started anew while it caught up is told again who the members are. */
const polledBetweenIntroductions = 20;
const introductionTimeoutMs = 3000;
const stepTimeoutMs = 15_000;

/**
 * One move of a replica, from whatever has been done of it before: what to do next is read from
 * the shard's configuration each time, so nothing else has to be remembered.
 */
export class ShardMove {
  readonly #parts: MoveParts;
  readonly #signal: AbortSignal | undefined;
  readonly #deadlineMs: number;
  /** This call has added the replica, so it is not one that was there anyway. */
  #hasAdded = false;
  #hasHandedOver = false;
  #polls = 0;
  #standing = 'no leader of the shard was reached';

  constructor(parts: MoveParts, { signal, timeoutMs = defaultTimeoutMs }: MoveOptions) {
    this.#parts = parts;
    this.#signal = signal;
    this.#deadlineMs = parts.clock.monotonicMs() + timeoutMs;
  }

  /** @throws NodeError NODE_MOVE_REFUSED, NODE_MOVE_UNFINISHED; the signal's reason */
  async run(): Promise<void> {
    for (;;) {
      this.#signal?.throwIfAborted();
      const { group } = this.#parts;
      const { groups, confirmed } = await this.#survey(group);
      const found = groups.get(group);
      // What others say may be of long ago, and be the wrong thing to go on from.
      const isNow = found !== undefined && confirmed.has(group);
      if (isNow && (await this.#step(found))) return;
      this.#polls += 1;
      if (this.#parts.clock.monotonicMs() >= this.#deadlineMs) throw this.#unfinished();
      await new Promise<void>((fulfil) => void this.#parts.timers.after(pollMs, fulfil));
    }
  }

  /** @returns whether the move is at its end */
  async #step(found: DescribedGroup): Promise<boolean> {
    const { shard, from, to, replicas } = this.#parts;
    const isMember = found.members.some(({ id }) => id === from);
    const target = found.members.find(({ id }) => id === to);
    if (!isMember) {
      if (target?.role === 'voter') return true;
      if (target === undefined) throw this.#refused(`node ${from} does not hold shard ${shard}`);
    }
    if (target === undefined) {
      await this.#add(found);
      return false;
    }
    if (target.role === 'learner') {
      this.#standing = `node ${to} is catching up`;
      if (this.#polls % polledBetweenIntroductions === 0) await this.#introduce(found);
      return false;
    }
    const voters = found.members.filter(({ role }) => role === 'voter').length;
    if (voters <= replicas && !this.#hasAdded) {
      throw this.#refused(`node ${to} holds shard ${shard} already`);
    }
    return this.#remove(found);
  }

  async #add(found: DescribedGroup): Promise<void> {
    const { to } = this.#parts;
    const node = await this.#introduce(found);
    if (node === null) return;
    if (node.id !== to) {
      throw this.#refused(`the node at the address of node ${to} is node ${node.id}`);
    }
    const member = { address: node.address, promote: true };
    this.#hasAdded = true;
    const isAdded = await this.#change([{ kind: 'addLearner', id: to, member }]);
    if (isAdded) this.#standing = `node ${to} is catching up`;
  }

  /** @returns null when it could not be reached, which may pass */
  async #introduce({ members }: DescribedGroup): Promise<MetMember | null> {
    const { host, group, to, addresses } = this.#parts;
    const given = addresses.get(to) ?? (await this.#survey(null)).nodes.get(to);
    if (given === undefined) {
      this.#standing = `no node that was reached knows node ${to}; is it open?`;
      return null;
    }
    const known = members.map(({ id, address }) => {
      const at = addresses.get(id);
      return {
        id,
        address: address === '' && at !== undefined ? `${at.host}:${at.port}` : address,
      };
    });
    try {
      return await calledBack((done) =>
        host.introduce(given, group, known, introductionTimeoutMs, (error, node) =>
          done(error, node),
        ),
      );
    } catch (error) {
      this.#standing = `node ${to} could not be reached: ${messageOf(error)}`;
      return null;
    }
  }

  /** Everything that would be cut off is over before the replica is taken away. */
  async #remove({ leader }: DescribedGroup): Promise<boolean> {
    const { host, group, from, to } = this.#parts;
    if (leader === from && !this.#hasHandedOver) {
      this.#hasHandedOver = true;
      // Where it fails the removal hands the lead over, a moment later.
      await calledBack<void>((done) =>
        host.transferLeadership(group, to, stepTimeoutMs, () => done(null, undefined)),
      );
    }
    // A node that does not answer has nothing under way either.
    const address = (await this.#survey(null)).nodes.get(from);
    if (address !== undefined) {
      await calledBack<void>((done) =>
        host.release(address, group, stepTimeoutMs, () => done(null, undefined)),
      );
    }
    return this.#change([{ kind: 'remove', id: from }]);
  }

  /** @returns false when nobody who could do it was reached in time */
  async #change(steps: Parameters<Host['changeMembers']>[1]): Promise<boolean> {
    const { host, group } = this.#parts;
    try {
      await calledBack((done) => host.changeMembers(group, steps, stepTimeoutMs, done));
      return true;
    } catch (error) {
      const isPassing = error instanceof HostError && error.code === 'HOST_CLUSTER_UNREACHABLE';
      if (!isPassing) throw error;
      this.#standing = error.message;
      return false;
    }
  }

  #survey(group: GroupId | null): Promise<Survey> {
    return calledBack((done) => this.#parts.host.survey(group, (survey) => done(null, survey)));
  }

  #refused(reason: string): NodeError {
    const { shard } = this.#parts;
    const message = `shard ${shard} is not moved: ${reason}. Look at placement()`;
    return new NodeError('NODE_MOVE_REFUSED', message, { shard, reason });
  }

  #unfinished(): NodeError {
    const { shard, from, to } = this.#parts;
    const message =
      `the move of shard ${shard} from node ${from} to node ${to} is not finished: ` +
      `${this.#standing}. What was done stays; the same call goes on with it`;
    return new NodeError('NODE_MOVE_UNFINISHED', message, { shard, reason: this.#standing });
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
