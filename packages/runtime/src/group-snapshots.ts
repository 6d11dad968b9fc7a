import type {
  NodeId,
  PeerMessage,
  SnapshotChunk,
  SnapshotChunkResponse,
  SnapshotMeta,
} from '@quorate/schema';
import type { GroupContext } from './group-context.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { SnapshotTaker } from './snapshot-taker.ts';
import { wholeSnapshots } from './whole-snapshots.ts';

/** A snapshot of which nothing more comes is kept so long for a sender that may go on with it. */
const abandonAfterRequests = 10;
const abandonAfterAtLeastMs = 120_000;

/** What an entry without its data takes in memory, about. */
const withheldEntryBytes = 128;

/**
 * A checkpoint costs what has changed. So one is taken once what came since took so long, little as
 * it may be in the log: after a start it is applied again, and until then the node answers nothing.
 */
const mostReplaySeconds = 5;

/** Snapshots of one group: when they are taken, and their way to followers and from the leader. */
export class GroupSnapshots {
  readonly #context: GroupContext;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #taker: SnapshotTaker;
  #tailEntries: number;
  /** Of the log that was applied since the last snapshot. */
  #logBytes = 0;
  /** That applying it took. */
  #seconds = 0;
  #closed = false;

  constructor(context: GroupContext) {
    this.#context = context;
    const { options, group, raft } = context;
    const { ports, nodeId, snapshotStore: store, tuning } = options;
    this.#tailEntries = tuning.snapshotTailEntries;
    const send = (to: NodeId, message: PeerMessage): boolean => {
      const isQueued = context.send(to, message);
      // What is sent from a disk's completion leaves with the next turn.
      if (isQueued) context.wake();
      return isQueued;
    };
    const nowMs = (): number => context.nowMs();
    const shared = { group: group.id, nodeId, store, send, nowMs };
    const { checkpoints } = group.stateMachine;
    const sent =
      checkpoints === undefined ? store : wholeSnapshots(store, checkpoints, ports.logger);
    this.#sender = new SnapshotSender({
      ...shared,
      store: sent,
      ended: (to) => {
        raft.snapshotSent(to);
        context.wake();
      },
      timeoutMs: tuning.requestTimeoutMs,
      rate: context.snapshotRate,
      timers: ports.timers,
    });
    this.#receiver = new SnapshotReceiver({
      ...shared,
      received: ({ from, to, term, snapshot }) => {
        raft.step({ type: 'InstallSnapshot', from, to, term, snapshot }, context.nowMs());
        context.wake();
      },
      abandonAfterMs: Math.max(
        abandonAfterRequests * tuning.requestTimeoutMs,
        abandonAfterAtLeastMs,
      ),
    });
    this.#taker = new SnapshotTaker({
      group: group.id,
      store,
      stateMachine: group.stateMachine,
      taken: (snapshot) => this.#taken(snapshot),
      failed: (error) =>
        ports.logger.error('snapshot failed', { group: group.name, reason: error.message }),
      defer: (callback) => ports.timers.defer(callback),
    });
  }

  send(to: NodeId, snapshot: SnapshotMeta): void {
    const { options, group, raft } = this.#context;
    const { index } = snapshot;
    options.ports.logger.info('sending snapshot', { group: group.name, to, index });
    this.#sender.start(to, snapshot, raft.currentTerm);
  }

  chunkReceived(message: SnapshotChunk): void {
    const { raft } = this.#context;
    // Heartbeats of the same leader bring the term; until then its chunks can wait.
    if (message.term !== raft.currentTerm || message.from !== raft.leaderId) {
      this.#receiver.refuse(message);
    } else if (message.snapshot.index <= raft.commitIndex) {
      this.#receiver.skip(message);
    } else {
      this.#receiver.receive(message);
    }
  }

  chunkAnswered(message: SnapshotChunkResponse): void {
    this.#sender.answered(message);
  }

  /**
   * The log has grown by `bytes` of applied entries. A snapshot is due once that is as much as the
   * last snapshot had, so that writing snapshots at most doubles what is written in all.
   *
   * @param seconds that it took to apply them
   */
  applied(bytes: number, seconds: number): void {
    this.#logBytes += bytes;
    this.#seconds += seconds;
    const { snapshotLogBytes, snapshotTailEntries } = this.#context.options.tuning;
    const isLong = this.#logBytes >= Math.max(snapshotLogBytes, this.#taker.lastBytes);
    if (isLong || this.#isCheckpointDue) this.#take(snapshotTailEntries);
  }

  get #isCheckpointDue(): boolean {
    const { checkpoints } = this.#context.group.stateMachine;
    if (checkpoints === undefined) return false;
    return checkpoints.isDue || this.#seconds >= mostReplaySeconds;
  }

  /** @param bytes what the snapshot's content had */
  restored(bytes: number): void {
    this.#logBytes = 0;
    this.#seconds = 0;
    // The next checkpoint costs what has changed, however much a whole one from a peer had.
    const { checkpoints } = this.#context.group.stateMachine;
    this.#taker.lastBytes = checkpoints === undefined ? bytes : 0;
  }

  /**
   * Old log segments are kept for this group: cut its log off whole, however short it is, once the
   * segments take more room than a snapshot would.
   */
  unpin(): void {
    const { logStore, tuning } = this.#context.options;
    const worthBytes = 2 * Math.max(tuning.snapshotLogBytes, this.#taker.lastBytes);
    if (logStore.diskBytes > worthBytes) this.#take(0);
  }

  /**
   * Cuts the whole log off behind a snapshot of all that was applied, in so many calls as it takes.
   *
   * @returns that snapshot, once it is there
   */
  condense(): SnapshotMeta | null {
    const { raft } = this.#context;
    const { snapshot } = raft;
    const isThere = snapshot.index > 0 && this.#context.appliedIndex() === snapshot.index;
    const isOver = isThere && !this.#taker.busy;
    this.#take(0);
    return isOver ? snapshot : null;
  }

  #take(tailEntries: number): void {
    const { options, group, raft } = this.#context;
    const appliedIndex = this.#holdsData ? this.#context.appliedIndex() : raft.appliedIndex;
    if (this.#closed || this.#taker.busy || appliedIndex < raft.snapshot.index) return;
    this.#tailEntries = tailEntries;
    if (appliedIndex === raft.snapshot.index) {
      this.#taken(raft.snapshot);
      return;
    }
    this.#logBytes = 0;
    this.#seconds = 0;
    options.ports.logger.info('taking snapshot', { group: group.name, index: appliedIndex });
    this.#taker.start(raft.snapshotMeta(appliedIndex));
  }

  /** Otherwise this node has the log without its data, and a state machine that nobody asks. */
  get #holdsData(): boolean {
    const { raft } = this.#context;
    // A snapshot that is being installed is ahead of what was applied.
    return !raft.snapshotMeta(Math.max(raft.appliedIndex, raft.snapshot.index)).withheld;
  }

  /** Nothing is applied here, so nothing tells how the log grows. */
  #takeWithheld(): void {
    const { raft, options } = this.#context;
    const { snapshotLogBytes, snapshotTailEntries } = options.tuning;
    const entries = raft.appliedIndex - raft.snapshot.index;
    if (entries * withheldEntryBytes < snapshotLogBytes || this.#holdsData) return;
    this.#take(snapshotTailEntries);
  }

  #taken(snapshot: SnapshotMeta): void {
    this.#context.raft.compact(snapshot, this.#tailEntries);
    this.#context.wake();
  }

  linkUp(): void {
    this.#sender.linkUp();
  }

  linkLost(peer: NodeId): void {
    this.#sender.linkLost(peer);
  }

  expire(): void {
    this.#sender.expire();
    this.#receiver.expire();
    this.#takeWithheld();
  }

  close(): void {
    this.#closed = true;
    this.#sender.close();
    this.#receiver.close();
    this.#taker.cancel();
  }
}
