// Long because: one driver hands all events in and carries all effects out.
import { Prng, type StateMachine } from '@quorate/base';
import type { Effects, GroupWrite, MembershipChange, NodeContacts } from '@quorate/raft';
import { entryBytes, Raft } from '@quorate/raft';
import type { Entry, GroupId, LogIndex, NodeId, PeerMessage, Term } from '@quorate/schema';
import { ApplyPipeline } from './apply-pipeline.ts';
import type { GroupContext, GroupOptions } from './group-context.ts';
import type {
  AppliedListener,
  ChangeDone,
  GroupHandle,
  GroupStatus,
  LeaseRead,
  ProposeDone,
  ProposeOptions,
  ReadDone,
  ReadOptions,
  StateSnapshot,
  TransferDone,
} from './group-handle.ts';
import { GroupMetrics } from './group-metrics.ts';
import { GroupRequests } from './group-requests.ts';
import { GroupSnapshots } from './group-snapshots.ts';
import { ImpostorLog } from './impostor-log.ts';
import { isolated } from './isolated.ts';
import type { NodeHeartbeats, Sleeper } from './quiescence/node-heartbeats.ts';
import { RegressedPeers } from './regressed-peers.ts';
import { ReplayLog } from './replay-log.ts';
import type { RuntimeError } from './runtime-error.ts';
import type { RuntimeOptions } from './runtime-options.ts';
import type { SendRate } from './send-rate.ts';
import { encodeSessionCommand } from './sessions/session-command.ts';
import { SessionTicks } from './sessions/session-ticks.ts';

/** What a driver asks of the runtime it runs in. */
export interface DriverHost {
  readonly options: RuntimeOptions;
  readonly wake: (driver: GroupDriver) => void;
  readonly halt: (error: Error) => void;
  /** Answers for the nodes while groups sleep. */
  readonly nodeHeartbeats: NodeHeartbeats;
  /** What all groups of the process may send of snapshots. */
  readonly snapshotRate: SendRate;
  /** Why no new work is taken; null: it is. */
  readonly refusal: () => RuntimeError | null;
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
export class GroupDriver implements GroupHandle<unknown>, Sleeper {
  readonly id: GroupId;
  readonly #host: DriverHost;
  readonly #sessionTicks: SessionTicks;
  readonly #regressed: RegressedPeers;
  readonly #impostors: ImpostorLog;
  readonly #replay: ReplayLog;
  readonly #name: string;
  readonly #isParkable: boolean;
  readonly #raft: Raft;
  readonly #pipeline: ApplyPipeline;
  readonly #requests: GroupRequests;
  readonly #snapshots: GroupSnapshots;
  readonly #metrics: GroupMetrics;
  /** When something last happened in the group that was not a heartbeat. */
  #activeMs = 0;
  #wasAsleep = false;
  #isClosed = false;
  /** The configuration whose members the links know. */
  #metAtIndex = -1;
  readonly #listeners: ((status: GroupStatus) => void)[] = [];
  readonly #handOverListeners: (() => void)[] = [];
  readonly #stateMachine: StateMachine<unknown>;
  readonly #appliedListeners = new Set<AppliedListener>();
  /** Null once the state machine has what its snapshot had. */
  #onceRestored: (() => void)[] | null;

  constructor(host: DriverHost, group: GroupOptions) {
    const { options } = host;
    const { ports, nodeId, tuning } = options;
    this.id = group.id;
    this.#host = host;
    this.#sessionTicks = new SessionTicks(group.stateMachine);
    this.#regressed = new RegressedPeers(group.name, host.options.ports.logger);
    this.#impostors = new ImpostorLog(group.name, host.options.ports.logger);
    this.#stateMachine = group.stateMachine;
    this.#name = group.name;
    this.#isParkable = group.mayPark === true;
    this.#metrics = new GroupMetrics(ports.metrics, nodeId, group.name, tuning.electionTimeoutMs);
    this.#raft = new Raft(
      // One turn's worth of applying must stay short, or heartbeats wait behind it (bug 39).
      {
        ...tuning,
        nodeId,
        incarnation: options.incarnation,
        prng: new Prng(group.seed),
        maxApplyBytes: tuning.maxMessageBytes,
      },
      group.initial,
      this.#nowMs,
    );
    const { lastIndex } = this.#raft;
    this.#replay = new ReplayLog(group.name, ports.logger, lastIndex, this.#nowMs);
    this.#pipeline = new ApplyPipeline(group, options.snapshotStore, {
      applied: (entries, results, seconds) => this.#applied(entries, results, seconds),
      restored: (snapshot, bytes) => {
        ports.logger.info('snapshot restored', { group: group.name, index: snapshot.index });
        this.#requests.restored(snapshot.index);
        this.#eachApplied((listener) => listener.restored(snapshot.index));
        this.#snapshots.restored(bytes);
        this.#isRestored();
        this.#wake();
      },
      failed: (error) => host.halt(error),
      nowMs: () => this.#nowMs,
      defer: (callback) => ports.timers.defer(callback),
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
      snapshotRate: host.snapshotRate,
      refusal: host.refusal,
    };
    this.#requests = new GroupRequests(context);
    this.#snapshots = new GroupSnapshots(context);
    const { index, withheld } = group.initial.snapshot;
    const hasState = index > 0 && !withheld && this.#raft.role !== 'witness';
    const isParked = hasState && this.#mayPark;
    this.#onceRestored = hasState && !isParked ? [] : null;
    if (isParked) this.#pipeline.beginParked(group.initial.snapshot);
    else if (hasState) this.#pipeline.restore(group.initial.snapshot);
  }

  /**
   * Whether this node has no part in the group. That may yet be overwritten: what is parked loses
   * nothing, so it need not be certain, and a node that was removed is not always told of the end.
   */
  get #mayPark(): boolean {
    const { configuration, nodeId } = this.#raft;
    const { voters, votersOutgoing, learners, learnersNext } = configuration;
    const members = [voters, votersOutgoing, learners, learnersNext];
    const isMember = members.some((ids) => ids.includes(nodeId));
    return this.#isParkable && !isMember;
  }

  #parkOrUnpark(): void {
    if (!this.#isParkable) return;
    if (!this.#mayPark) {
      this.#pipeline.unpark();
      return;
    }
    // 0: there is nothing in memory, or all of it is parked already.
    if (this.#pipeline.appliedIndex === 0 || !this.#requests.idle) return;
    const snapshot = this.#snapshots.condense();
    if (snapshot === null || snapshot.withheld || !this.#pipeline.park(snapshot)) return;
    const fields = { group: this.#name, index: snapshot.index };
    this.#host.options.ports.logger.info('group parked', fields);
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

  get term(): Term {
    return this.#raft.currentTerm;
  }

  get lastIndex(): LogIndex {
    return this.#raft.lastIndex;
  }

  get others(): readonly NodeId[] {
    return this.#raft.peers.map(({ id }) => id);
  }

  get asleep(): boolean {
    return this.#raft.asleep;
  }

  sleepUnder(leader: NodeId, term: Term, lastIndex: LogIndex, contacts: NodeContacts): boolean {
    if (!this.#requests.idle || this.#host.options.tuning.quiesceAfterMs === null) return false;
    const sleeps = this.#raft.sleepUnder(leader, term, lastIndex, contacts, this.#nowMs);
    if (sleeps) this.#wasAsleep = true;
    this.#wake();
    return sleeps;
  }

  wakeUp(): void {
    this.#raft.wake(this.#nowMs);
    this.#wake();
  }

  /** No proposal waits for an answer. */
  get idle(): boolean {
    return this.#requests.idle;
  }

  propose(command: Uint8Array, done: ProposeDone<unknown>, options?: ProposeOptions): void {
    this.#requests.propose(command, done, options);
  }

  readBarrier(done: ReadDone, options?: ReadOptions): void {
    this.#requests.readBarrier(done, options);
  }

  leaseRead<Value>(read: () => Value): LeaseRead<Value> | null {
    const index = this.#raft.leaseReadIndex(this.#nowMs);
    if (index === null || this.#pipeline.appliedIndex < index) return null;
    const value = read();
    return this.#raft.leaseReadIndex(this.#nowMs) === null ? null : { value, index };
  }

  leaseUntilMs(): number | null {
    const { leaseUntilMs, asleep } = this.#raft;
    const isHeld = !this.#isClosed && !asleep && leaseUntilMs !== Number.NEGATIVE_INFINITY;
    return isHeld ? leaseUntilMs : null;
  }

  changeMembership(change: MembershipChange, done: ChangeDone): void {
    this.#requests.changeMembership(change, done);
  }

  leaveJoint(done: ChangeDone): void {
    this.#requests.leaveJoint(done);
  }

  forgetLeader(): boolean {
    const isForgotten = this.#raft.forgetLeader(this.#nowMs);
    this.#wake();
    return isForgotten;
  }

  transferLeadership(to: NodeId | null, done: TransferDone): void {
    this.#requests.transferLeadership(to, done);
  }

  status(): GroupStatus {
    const raft = this.#raft;
    // Who has stopped leads nothing any more.
    const led = this.#isClosed && raft.role === 'leader';
    return {
      group: this.id,
      node: raft.nodeId,
      role: led ? 'follower' : raft.role,
      term: raft.currentTerm,
      leader: led ? 0 : raft.leaderId,
      lastIndex: raft.lastIndex,
      commitIndex: raft.commitIndex,
      appliedIndex: this.#pipeline.appliedIndex,
      configuration: raft.configuration,
      configurationIndex: raft.configurationIndex,
      repairing: raft.repairing,
    };
  }

  progressOf(node: NodeId): LogIndex | null {
    return this.#raft.peers.find(({ id }) => id === node)?.matchIndex ?? null;
  }

  heardMs(node: NodeId): number | null {
    return this.#isClosed ? null : this.#raft.heardMs(node);
  }

  onLeadership(listener: (status: GroupStatus) => void): void {
    this.#listeners.push(listener);
  }

  onHandOver(listener: () => void): void {
    this.#handOverListeners.push(listener);
  }

  onApplied(listener: AppliedListener): () => void {
    this.#appliedListeners.add(listener);
    return () => void this.#appliedListeners.delete(listener);
  }

  openSnapshot(): StateSnapshot {
    return { index: this.#pipeline.appliedIndex, chunks: this.#stateMachine.snapshot() };
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
      case 'NodeHeartbeat':
      case 'NodeHeartbeatResponse':
        // They belong to no group.
        return;
      default:
        this.#raft.step(message, this.#nowMs);
    }
    this.#wake();
  }

  /** What the peer says from now on is said by this incarnation of it. */
  greeted(peer: NodeId, incarnation: number): void {
    this.#raft.peerIncarnation(peer, incarnation, this.#nowMs);
    if (this.#raft.isImpostor(peer)) this.#impostors.seen(peer, this.#nowMs);
    this.#wake();
  }

  linkUp(): void {
    this.#snapshots.linkUp();
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

  /**
   * When `expire` has to be called for the sessions' sake: theirs is logged time, which has to pass
   * in an idle group too (rule 13). May be Infinity.
   */
  get sessionTickMs(): number {
    return this.isLeader ? this.#sessionTicks.dueMs(this.#nowMs) : Number.POSITIVE_INFINITY;
  }

  /** Called several times in each request timeout, and when a session tick is due. */
  expire(nowMs: number): void {
    // A leader whose disk is full stops all writes; another may have room.
    if (this.isLeader && !this.#host.options.logStore.writable) this.handOver();
    this.#requests.expire(nowMs);
    this.#snapshots.expire();
    this.#parkOrUnpark();
    if (this.isLeader && !this.asleep) this.#regressed.look(this.#raft.peers);
    if (this.isLeader && this.#sessionTicks.take(nowMs)) {
      this.propose(encodeSessionCommand({ kind: 'tick' }), () => undefined);
    }
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
    const to = this.#raft.bestSuccessor;
    if (to === 0) return false;
    this.#wake();
    return this.#raft.transferLeadership(to, this.#nowMs) === null;
  }

  /** How far everything has come that a proposal here may wait for: it grows. */
  get progress(): number {
    const { lastIndex, commitIndex } = this.#raft;
    return lastIndex + commitIndex + this.#pipeline.appliedIndex;
  }

  close(error: RuntimeError): void {
    const led = this.isLeader;
    this.#isClosed = true;
    this.#pipeline.close();
    this.#snapshots.close();
    this.#requests.failAll(error);
    if (led) this.#tell(this.status());
  }

  turn(): GroupTurn | null {
    const nowMs = this.#nowMs;
    this.#requests.dispatch(nowMs);
    const effects = this.#raft.takeEffects();
    this.#sleepOrWake(effects, nowMs);
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
        observer?.persisted?.(this.id, write.entries);
        this.#wake();
        const { snapshot } = write;
        if (snapshot === null || snapshot.index === 0) return;
        // Only now does the log name this snapshot, so only now may the others go.
        this.#host.options.snapshotStore.collect(this.id, snapshot);
        this.#stateMachine.checkpoints?.collect(snapshot.index);
      },
    };
  }

  #sleepOrWake({ write, committed }: Effects, nowMs: number): void {
    const { nodeHeartbeats, options } = this.#host;
    if (this.#wasAsleep && !this.#raft.asleep) {
      this.#wasAsleep = false;
      // Whatever woke it may not be over: it does not doze off at once.
      this.#activeMs = nowMs;
      nodeHeartbeats.wokeUp(this.id);
    }
    if (write !== null || committed.length > 0 || !this.#requests.idle) this.#activeMs = nowMs;
    const { quiesceAfterMs } = options.tuning;
    if (quiesceAfterMs === null || this.#wasAsleep) return;
    if (nowMs < this.#activeMs + quiesceAfterMs || !nodeHeartbeats.hasRoomFor(this)) return;
    if (!this.#raft.sleep(nodeHeartbeats, nowMs)) return;
    this.#wasAsleep = true;
    nodeHeartbeats.fellAsleep(this);
  }

  #carryOut(effects: Effects): void {
    for (const message of effects.messages) {
      if (message.type === 'TimeoutNow') this.#tellHandOver();
      this.#host.options.links.send(message.to, this.id, message);
    }
    for (const { context, index } of effects.reads) this.#requests.readConfirmed(context, index);
    for (const context of effects.failedReads) this.#requests.readFailed(context);
    for (const { context, reached } of effects.durability) {
      this.#requests.durabilityAnswered(context, reached);
    }
    for (const context of effects.failedDurability) this.#requests.durabilityFailed(context);
    for (const { to, snapshot } of effects.snapshotsToSend) this.#snapshots.send(to, snapshot);
    if (effects.restore !== null) this.#pipeline.restore(effects.restore);
    if (effects.committed.length > 0) this.#pipeline.apply(effects.committed);
    if (effects.leadership.length > 0) this.#tellLeadership(effects);
    this.#requests.turned();
    this.#meetMembers();
  }

  /** Addresses of members are in the configuration, so that nodes can join a running group. */
  #meetMembers(): void {
    const { configuration, configurationIndex, nodeId } = this.#raft;
    if (configurationIndex === this.#metAtIndex) return;
    this.#metAtIndex = configurationIndex;
    for (const { id, address } of configuration.members) {
      if (address !== '' && id !== nodeId) this.#host.options.links.setPeer(id, address);
    }
  }

  #tellLeadership(effects: Effects): void {
    this.#sessionTicks.leadershipChanged();
    for (const { term, role, leader } of effects.leadership) {
      const { logger } = this.#host.options.ports;
      logger.info('raft state changed', { group: this.#name, term, role, leader });
      const status = { ...this.status(), term, role, leader };
      this.#tell(status);
    }
    // What waited for a leader can go now; what asked the old one must ask again.
    this.#wake();
  }

  #tellHandOver(): void {
    const { timers } = this.#host.options.ports;
    for (const listener of this.#handOverListeners) isolated(timers, listener);
  }

  #tell(status: GroupStatus): void {
    const { timers } = this.#host.options.ports;
    for (const listener of this.#listeners) isolated(timers, () => listener(status));
  }

  #eachApplied(tell: (listener: AppliedListener) => void): void {
    const { timers } = this.#host.options.ports;
    for (const listener of this.#appliedListeners) isolated(timers, () => tell(listener));
  }

  #applied(entries: readonly Entry[], results: readonly unknown[], seconds: number): void {
    this.#metrics.appliedBatch(seconds);
    this.#host.options.observer?.applied?.(this.id, entries, seconds);
    const { index } = entries.at(-1) as Entry;
    this.#raft.applied(index);
    this.#replay.applied(index, this.#nowMs);
    this.#requests.applied(entries, results);
    if (this.#appliedListeners.size > 0) this.#eachApplied((one) => one.applied(entries));
    let bytes = 0;
    for (const entry of entries) bytes += entryBytes(entry);
    this.#sessionTicks.applied(entries, this.#nowMs);
    this.#snapshots.applied(bytes, seconds);
    this.#wake();
  }
}
