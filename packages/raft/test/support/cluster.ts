import { Prng } from '@quorate/base';
import type { Configuration, Entry, NodeId, RaftMessage, SnapshotMeta } from '@quorate/schema';
import { majorityConfiguration } from '@quorate/schema';
import {
  bootstrapState,
  type DurableWrite,
  type Effects,
  type InitialState,
  Raft,
  type RaftOptions,
} from '../../src/index.ts';
import { membersOf } from '../../src/membership/members.ts';

export const electionTimeoutMs = 1000;
export const heartbeatIntervalMs = 100;

/** One replica with a disk that is as durable as the test lets it be. */
export class Member {
  readonly id: NodeId;
  raft: Raft;
  /** Writes that were handed out and are not durable yet. */
  readonly writes: DurableWrite[] = [];
  readonly applied: Entry[] = [];
  readonly reads: { context: number; index: number }[] = [];
  readonly failedReads: number[] = [];
  readonly roles: string[] = [];
  readonly snapshotsToSend: { to: NodeId; snapshot: SnapshotMeta }[] = [];
  restored: SnapshotMeta | null = null;
  disk: InitialState;
  /** Completes writes by itself; otherwise the test calls `persistNext`. */
  autoPersist = true;
  /** What it was started with beyond the options of the cluster. */
  readonly own: Partial<RaftOptions>;

  constructor(id: NodeId, disk: InitialState, options: RaftOptions, nowMs: number) {
    this.id = id;
    this.disk = disk;
    this.own = { incarnation: options.incarnation };
    this.raft = new Raft(options, disk, nowMs);
  }

  /** @returns the write that has become durable */
  persistNext(nowMs: number): DurableWrite {
    const write = this.writes.shift();
    if (write === undefined) throw new Error(`member ${this.id} has no write under way`);
    this.disk = applyWrite(this.disk, write);
    this.raft.persisted(write.id, nowMs);
    return write;
  }
}

function applyWrite(disk: InitialState, write: DurableWrite): InitialState {
  const { truncateAfter, snapshot } = write;
  const kept =
    truncateAfter === null
      ? disk.entries
      : disk.entries.filter((entry) => entry.index <= truncateAfter);
  const logStart = write.logStart ?? disk.logStart;
  return {
    hardState: write.hardState ?? disk.hardState,
    snapshot: snapshot ?? disk.snapshot,
    logStart,
    entries: [...kept, ...write.entries].filter((entry) => entry.index > logStart.index),
    bootstrap: false,
    repairUntil: disk.repairUntil,
  };
}

/** Replicas in one process with virtual time, a network that can be cut, and visible effects. */
export class Cluster {
  nowMs = 0;
  readonly members = new Map<NodeId, Member>();
  network: RaftMessage[] = [];
  readonly cut = new Set<string>();
  readonly sent: RaftMessage[] = [];
  /** Told of what a member is to do, when it is to do it. */
  onEffects: (id: NodeId, effects: Effects) => void = () => undefined;
  readonly #options: Partial<RaftOptions>;
  readonly #seed: number;
  readonly #starts = new Map<NodeId, number>();

  /** @param founders a number of voters, or all of the first configuration */
  constructor(founders: number | Configuration, options: Partial<RaftOptions> = {}, seed = 1) {
    this.#options = options;
    this.#seed = seed;
    const configuration =
      typeof founders === 'number'
        ? majorityConfiguration(Array.from({ length: founders }, (_, i) => i + 1))
        : founders;
    for (const id of membersOf(configuration)) this.start(id, bootstrapState(configuration));
  }

  /** Restarted with another one, a node draws another life (and other timeouts). */
  prngOf(seed: number): Prng {
    return new Prng(seed);
  }

  /** Starts a node that has no part in the group yet. */
  spare(id: NodeId, own: Partial<RaftOptions> = {}): Member {
    return this.start(id, bootstrapState(majorityConfiguration([])), own);
  }

  start(id: NodeId, disk: InitialState, own: Partial<RaftOptions> = {}): Member {
    const starts = this.#starts.get(id) ?? 0;
    this.#starts.set(id, starts + 1);
    const options: RaftOptions = {
      nodeId: id,
      heartbeatIntervalMs,
      electionTimeoutMs,
      maxClockDrift: 0.01,
      incarnation: 0,
      maxMessageBytes: 64 * 1024,
      maxInflightMessages: 16,
      maxInflightBytes: 1024 * 1024,
      maxUncommittedBytes: 1024 * 1024,
      maxApplyBytes: 1024 * 1024,
      // Each process draws a life of its own.
      prng: new Prng(this.#seed * 1000 + id + 1_000_000 * starts),
      ...this.#options,
      ...own,
    };
    const member = new Member(id, disk, options, this.nowMs);
    this.members.set(id, member);
    return member;
  }

  /** Loses what was not durable and starts again from the disk. */
  restart(id: NodeId): Member {
    this.network = this.network.filter((message) => message.to !== id && message.from !== id);
    const { disk, own } = this.get(id);
    return this.start(id, disk, own);
  }

  get(id: NodeId): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  raft(id: NodeId): Raft {
    return this.get(id).raft;
  }

  /** Cuts all links between the two sides, both ways. */
  partition(left: readonly NodeId[], right: readonly NodeId[]): void {
    for (const a of left)
      for (const b of right) {
        this.cut.add(`${a}>${b}`);
        this.cut.add(`${b}>${a}`);
      }
  }

  heal(): void {
    this.cut.clear();
  }

  /**
   * Takes the member's effects, puts its messages on the network, persists if it does so by
   * itself.
   */
  turn(id: NodeId): Effects {
    const member = this.get(id);
    const effects = member.raft.takeEffects();
    this.onEffects(id, effects);
    this.network.push(...effects.messages);
    this.sent.push(...effects.messages);
    member.reads.push(...effects.reads);
    member.failedReads.push(...effects.failedReads);
    member.snapshotsToSend.push(...effects.snapshotsToSend);
    for (const { role } of effects.leadership) member.roles.push(role);
    if (effects.restore !== null) member.restored = effects.restore;
    member.applied.push(...effects.committed);
    const last = effects.committed.at(-1);
    if (last !== undefined) member.raft.applied(last.index);
    if (effects.write !== null) member.writes.push(effects.write);
    if (member.autoPersist) while (member.writes.length > 0) member.persistNext(this.nowMs);
    return effects;
  }

  /** Delivers everything, again and again, until nothing more happens. */
  settle(): void {
    for (let quiet = 0; quiet < 2; ) {
      const before = this.sent.length;
      for (const id of this.members.keys()) this.turn(id);
      const delivered = this.deliver();
      quiet = delivered === 0 && this.sent.length === before ? quiet + 1 : 0;
    }
  }

  deliver(filter: (message: RaftMessage) => boolean = () => true): number {
    const batch = this.network;
    this.network = [];
    let delivered = 0;
    for (const message of batch) {
      if (this.cut.has(`${message.from}>${message.to}`)) continue;
      if (!filter(message)) continue;
      delivered++;
      this.members.get(message.to)?.raft.step(message, this.nowMs);
    }
    return delivered;
  }

  /** Lets time pass in steps, everyone ticking and talking. */
  pass(ms: number, stepMs = 50): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      this.nowMs += Math.min(stepMs, end - this.nowMs);
      for (const member of this.members.values()) member.raft.tick(this.nowMs);
      this.settle();
    }
  }

  /** Waits for a leader among those that can talk to a majority. */
  elect(): Raft {
    this.settle();
    for (let i = 0; i < 200; i++) {
      this.pass(50);
      const leaders = this.leaders();
      if (leaders.length === 1) return leaders[0] as Raft;
    }
    throw new Error('no leader after ten seconds');
  }

  leaders(): Raft[] {
    return [...this.members.values()].map((m) => m.raft).filter((raft) => raft.role === 'leader');
  }

  propose(id: NodeId, text: string): ReturnType<Raft['propose']> {
    return this.raft(id).propose([new TextEncoder().encode(text)], this.nowMs, this.nowMs * 1000);
  }

  /**
   * Has one node campaign and win: leaders have heard of nobody for too long, the others are past
   * their loyalty, and this node's time is up first.
   */
  lead(id: NodeId): Raft {
    this.settle();
    this.nowMs += 2 * electionTimeoutMs;
    for (const leader of this.leaders()) leader.tick(this.nowMs);
    const { raft } = this.get(id);
    raft.tick(this.nowMs);
    this.settle();
    if (raft.role !== 'leader') throw new Error(`node ${id} was not elected`);
    return raft;
  }

  /** What the member's state machine has been given, as text. */
  appliedTexts(id: NodeId): string[] {
    return this.get(id)
      .applied.filter((entry) => entry.kind === 0)
      .map((entry) => new TextDecoder().decode(entry.data));
  }
}
