import { Prng } from '@quorate/base';
import type { Effects, GroupWrite } from '@quorate/raft';
import { entryBytes, Raft } from '@quorate/raft';
import type { Entry, GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { ApplyPipeline } from './apply-pipeline.ts';
import type { GroupContext, GroupOptions } from './group-context.ts';
import type { GroupHandle, GroupStatus, ProposeDone, ReadDone } from './group-handle.ts';
import { GroupMetrics } from './group-metrics.ts';
import { GroupRequests } from './group-requests.ts';
import { GroupSnapshots } from './group-snapshots.ts';
import type { RuntimeError } from './runtime-error.ts';
import type { RuntimeOptions } from './runtime-options.ts';

/** What a driver asks of the runtime it runs in. */
export interface DriverHost {
  readonly options: RuntimeOptions;
  readonly wake: (driver: GroupDriver) => void;
  readonly halt: (error: Error) => void;
  readonly stopping: () => boolean;
}

/** A group's share of a batch, and what to call once the batch is durable. */
export interface GroupTurn {
  readonly write: GroupWrite;
  readonly persisted: () => void;
}

/**
 * Drives one replica: collects events, and each turn hands them to the core and carries out what it
 * asks for. One turn serves everything that has gathered, which is how batches form.
 */
export class GroupDriver implements GroupHandle<unknown> {
  readonly id: GroupId;
  readonly #host: DriverHost;
  readonly #name: string;
  readonly #raft: Raft;
  readonly #pipeline: ApplyPipeline;
  readonly #requests: GroupRequests;
  readonly #snapshots: GroupSnapshots;
  readonly #metrics: GroupMetrics;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  /** Null once the state machine has what its snapshot had. */
  #onceRestored: (() => void)[] | null;

  constructor(host: DriverHost, group: GroupOptions) {
    const { options } = host;
    const { ports, nodeId, tuning } = options;
    this.id = group.id;
    this.#host = host;
    this.#name = group.name;
    this.#metrics = new GroupMetrics(ports.metrics, nodeId, group.name, tuning.electionTimeoutMs);
    this.#raft = new Raft(
      // One turn's worth of applying must stay short, or heartbeats wait behind it (bug 39).
      { ...tuning, nodeId, prng: new Prng(group.seed), maxApplyBytes: tuning.maxMessageBytes },
      group.initial,
      this.#nowMs,
    );
    this.#pipeline = new ApplyPipeline(group, options.snapshotStore, {
      applied: (entries, results, seconds) => this.#applied(entries, results, seconds),
      restored: (snapshot, bytes) => {
        ports.logger.info('snapshot restored', { group: group.name, index: snapshot.index });
        this.#requests.restored(snapshot.index);
        this.#snapshots.restored(bytes);
        this.#isRestored();
        this.#wake();
      },
      failed: (error) => host.halt(error),
      nowMs: () => this.#nowMs,
    });
    const context: GroupContext = {
      options,
      group,
      raft: this.#raft,
      metrics: this.#metrics,
      nowMs: () => this.#nowMs,
      appliedIndex: () => this.#pipeline.appliedIndex,
      wake: () => this.#wake(),
      send: (to, message) => options.links.send(to, group.id, message),
      stopping: host.stopping,
    };
    this.#requests = new GroupRequests(context);
    this.#snapshots = new GroupSnapshots(context);
    this.#onceRestored = group.initial.snapshot.index > 0 ? [] : null;
    if (this.#onceRestored !== null) this.#pipeline.restore(group.initial.snapshot);
  }

  #isRestored(): void {
    const waiting = this.#onceRestored ?? [];
    this.#onceRestored = null;
    for (const callback of waiting) callback();
  }

  /** Calls back once the state that this process started from has been read. */
  onceRestored(callback: () => void): void {
    if (this.#onceRestored === null) callback();
    else this.#onceRestored.push(callback);
  }

  get #nowMs(): number {
    return this.#host.options.ports.clock.monotonicMs();
  }

  #wake(): void {
    this.#host.wake(this);
  }

  get deadlineMs(): number {
    return this.#raft.deadlineMs;
  }

  get isLeader(): boolean {
    return this.#raft.role === 'leader';
  }

  /** No proposal waits for an answer. */
  get idle(): boolean {
    return this.#requests.idle;
  }

  propose(command: Uint8Array, done: ProposeDone<unknown>): void {
    this.#requests.propose(command, done);
  }

  readBarrier(done: ReadDone): void {
    this.#requests.readBarrier(done);
  }

  status(): GroupStatus {
    const raft = this.#raft;
    return {
      group: this.id,
      node: raft.nodeId,
      role: raft.role,
      term: raft.currentTerm,
      leader: raft.leaderId,
      lastIndex: raft.lastIndex,
      commitIndex: raft.commitIndex,
      appliedIndex: this.#pipeline.appliedIndex,
      configuration: raft.configuration,
    };
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  receive(message: PeerMessage): void {
    switch (message.type) {
      case 'Forward':
        this.#requests.forwardReceived(message);
        break;
      case 'ForwardResponse':
        this.#requests.forwardAnswered(message);
        break;
      case 'SnapshotChunk':
        this.#snapshots.chunkReceived(message);
        break;
      case 'SnapshotChunkResponse':
        this.#snapshots.chunkAnswered(message);
        break;
      case 'InstallSnapshot':
        // Only this node's own receiver knows that a snapshot is there: no peer may say so.
        return;
      default:
        this.#raft.step(message, this.#nowMs);
    }
    this.#wake();
  }

  linkUp(): void {
    // Proposals may have waited for this link.
    this.#wake();
  }

  linkLost(peer: NodeId): void {
    this.#requests.linkLost(peer);
    this.#snapshots.linkLost(peer);
    this.#raft.unreachable(peer);
    this.#wake();
  }

  tick(nowMs: number): void {
    if (nowMs < this.#raft.deadlineMs) return;
    this.#raft.tick(nowMs);
    this.#wake();
  }

  /** Called several times in each request timeout. */
  expire(nowMs: number): void {
    // A leader whose disk is full stops all writes; another may have room.
    if (this.isLeader && !this.#host.options.logStore.writable) this.handOver();
    this.#requests.expire(nowMs);
    this.#snapshots.expire(nowMs);
  }

  unpin(): void {
    this.#snapshots.unpin();
  }

  /**
   * Hands the lead to another voter, before this node closes.
   *
   * @returns whether there is one to wait for
   */
  handOver(): boolean {
    const { voters } = this.#raft.configuration;
    const to = voters.find((id) => this.#host.options.links.isConnected(id));
    if (to === undefined) return false;
    this.#wake();
    return this.#raft.transferLeadership(to, this.#nowMs);
  }

  close(error: RuntimeError): void {
    this.#pipeline.close();
    this.#snapshots.close();
    this.#requests.failAll(error);
  }

  turn(): GroupTurn | null {
    const nowMs = this.#nowMs;
    this.#requests.dispatch(nowMs);
    const effects = this.#raft.takeEffects();
    const { observer } = this.#host.options;
    observer?.turned(this.id, this.#raft, effects);
    this.#carryOut(effects);
    this.#metrics.turned(this.#raft, effects, this.#pipeline.appliedIndex, nowMs);
    if (effects.write === null) return null;
    const { id, ...write } = effects.write;
    return {
      write: { group: this.id, ...write },
      persisted: () => {
        this.#raft.persisted(id, this.#nowMs);
        this.#wake();
        const { snapshot } = write;
        if (snapshot === null || snapshot.index === 0) return;
        // Only now does the log name this snapshot, so only now may the others go.
        this.#host.options.snapshotStore.collect(this.id, snapshot);
      },
    };
  }

  #carryOut(effects: Effects): void {
    for (const message of effects.messages) {
      this.#host.options.links.send(message.to, this.id, message);
    }
    for (const { context, index } of effects.reads) this.#requests.readConfirmed(context, index);
    for (const context of effects.failedReads) this.#requests.readFailed(context);
    for (const { to, snapshot } of effects.snapshotsToSend) this.#snapshots.send(to, snapshot);
    if (effects.restore !== null) this.#pipeline.restore(effects.restore);
    if (effects.committed.length > 0) this.#pipeline.apply(effects.committed);
    if (effects.leadership.length > 0) this.#tellLeadership(effects);
  }

  #tellLeadership(effects: Effects): void {
    for (const { term, role, leader } of effects.leadership) {
      const { logger } = this.#host.options.ports;
      logger.info('raft state changed', { group: this.#name, term, role, leader });
      const status = { ...this.status(), term, role, leader };
      for (const listener of this.#listeners) listener(status);
    }
    // What waited for a leader can go now; what asked the old one must ask again.
    this.#wake();
  }

  #applied(entries: readonly Entry[], results: readonly unknown[], seconds: number): void {
    this.#metrics.appliedBatch(seconds);
    this.#raft.applied((entries.at(-1) as Entry).index);
    this.#requests.applied(entries, results);
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    this.#snapshots.applied(bytes);
    this.#wake();
  }
}
