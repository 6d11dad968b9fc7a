import type { Prng, Timer, Timers } from '@quorate/base';
import type { NodeContacts } from '@quorate/raft';
import type {
  GroupId,
  LogIndex,
  NodeHeartbeat,
  NodeHeartbeatResponse,
  NodeId,
  PeerMessage,
  Term,
} from '@quorate/schema';
import { SleepingPeer } from './sleeping-peer.ts';

/** A group's driver, as the sleep of groups sees it. */
export interface Sleeper {
  readonly id: GroupId;
  readonly term: Term;
  readonly lastIndex: LogIndex;
  /** Everyone else in the group. */
  readonly others: readonly NodeId[];
  readonly asleep: boolean;
  /** @returns whether the replica here sleeps now under that lead */
  sleepUnder(leader: NodeId, term: Term, lastIndex: LogIndex, contacts: NodeContacts): boolean;
  wakeUp(): void;
}

export interface NodeHeartbeatOptions {
  readonly nodeId: NodeId;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** Led here, with a replica on one peer: what a list that is sent to it can hold. */
  readonly maxSleepingGroups: number;
  readonly timers: Timers;
  /** Draws what tells this life of the process from others. */
  readonly prng: Prng;
  readonly nowMs: () => number;
  readonly send: (to: NodeId, message: PeerMessage) => void;
  readonly sleeper: (group: GroupId) => Sleeper | undefined;
}

/**
 * One heartbeat from node to node for all the groups that sleep between the two, so that idle
 * groups cost nothing (rule 11). A group whose part in this is in doubt is woken, on either side:
 * awake it is an ordinary group, with elections and check-quorum of its own.
 */
export class NodeHeartbeats implements NodeContacts {
  readonly #options: NodeHeartbeatOptions;
  readonly #life: number;
  readonly #peers = new Map<NodeId, SleepingPeer>();
  /**
   * A quarter of an election timeout, or a heartbeat interval if that is longer. At a quarter two
   * beats in a row may be lost before anyone is in doubt, if a round trip takes less than this.
   */
  readonly #quietIntervalMs: number;
  #timer: Timer | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: NodeHeartbeatOptions) {
    this.#options = options;
    this.#quietIntervalMs = Math.max(options.heartbeatIntervalMs, options.electionTimeoutMs / 4);
    this.#life = 1 + options.prng.below(2 ** 48);
  }

  heardMs(node: NodeId): number {
    return this.#peers.get(node)?.heardMs ?? Number.NEGATIVE_INFINITY;
  }

  supportedAtMs(node: NodeId): number {
    return this.#peers.get(node)?.supportedAtMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether one more group that is led here may go to sleep; if not, it has to stay awake. */
  hasRoomFor(group: Sleeper): boolean {
    const { maxSleepingGroups } = this.#options;
    return group.others.every((node) => this.#peer(node).ledCount < maxSleepingGroups);
  }

  /** A group that is led here, and has room, has gone to sleep: its followers are to be told. */
  fellAsleep(group: Sleeper): void {
    const { id, term, lastIndex } = group;
    const nowMs = this.#options.nowMs();
    for (const node of group.others) this.#peer(node).lead({ group: id, term, lastIndex }, nowMs);
    this.#beatBy(nowMs + this.#options.heartbeatIntervalMs);
  }

  /** Whether it was led here or followed, nobody answers for it any more. */
  wokeUp(id: GroupId): void {
    for (const peer of this.#peers.values()) peer.forget(id);
  }

  received(message: NodeHeartbeat): void {
    const { from, round, life, version, sleeping } = message;
    const peer = this.#peer(from);
    // What an earlier life of the node led, it leads no more.
    if (peer.leaderLife !== life) this.#wakeAll(peer.newLeaderLife(life));
    if (sleeping !== null && peer.isCurrent(version)) {
      this.#wakeAll(peer.listed(version, sleeping));
      for (const { group, term, lastIndex } of sleeping) {
        if (peer.isFollowed(group)) continue;
        const sleeper = this.#options.sleeper(group);
        if (sleeper?.sleepUnder(from, term, lastIndex, this) === true) peer.follow(group);
      }
    }
    const nowMs = this.#options.nowMs();
    if (peer.listVersion === version) peer.heardMs = nowMs;
    const { nodeId, send } = this.#options;
    send(from, {
      type: 'NodeHeartbeatResponse',
      from: nodeId,
      to: from,
      term: 0,
      round,
      life: this.#life,
      version: peer.listVersion,
      awake: peer.listedAwake,
    });
    this.#beatBy(nowMs + this.#quietIntervalMs);
  }

  answered(message: NodeHeartbeatResponse): void {
    const peer = this.#peer(message.from);
    // A node that has started anew has groups that are awake, and says nothing of them yet.
    if (peer.followerLife !== message.life) this.#wakeAll(peer.newFollowerLife(message.life));
    this.#wakeAll(peer.answered(message.round, message.version, message.awake));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #peer(node: NodeId): SleepingPeer {
    let peer = this.#peers.get(node);
    if (peer === undefined) {
      peer = new SleepingPeer();
      this.#peers.set(node, peer);
    }
    return peer;
  }

  #wakeAll(groups: readonly GroupId[]): void {
    for (const id of groups) {
      const sleeper = this.#options.sleeper(id);
      if (sleeper?.asleep === true) sleeper.wakeUp();
      // Its driver would tell in its next turn; until then nobody may answer for it.
      this.wokeUp(id);
    }
  }

  #beatBy(dueMs: number): void {
    if (dueMs >= this.#dueMs || this.#closed) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#options.nowMs());
    this.#timer = this.#options.timers.after(delayMs, () => this.#beat());
  }

  #beat(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const { nowMs: clock, electionTimeoutMs, nodeId, send } = this.#options;
    const nowMs = clock();
    let hasSleepers = false;
    let dueMs = nowMs + this.#quietIntervalMs;
    for (const [node, peer] of this.#peers) {
      this.#wakeAll(peer.unanswered(nowMs, electionTimeoutMs));
      this.#wakeAll(peer.unheard(nowMs, electionTimeoutMs));
      hasSleepers ||= peer.isConcerned;
      dueMs = Math.min(dueMs, peer.doubtMs(electionTimeoutMs));
      const beat = peer.nextBeat(nowMs, electionTimeoutMs);
      if (beat === null) continue;
      const to = { type: 'NodeHeartbeat', from: nodeId, to: node, term: 0 } as const;
      send(node, { ...to, life: this.#life, ...beat });
    }
    if (hasSleepers) this.#beatBy(dueMs);
  }
}
