import type { NodeId, SnapshotChunk, SnapshotChunkResponse, SnapshotMeta } from '@quorate/schema';
import type { GroupContext } from './group-context.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { SnapshotTaker } from './snapshot-taker.ts';

/** Snapshots of one group: when they are taken, and their way to followers and from the leader. */
export class GroupSnapshots {
  readonly #context: GroupContext;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #taker: SnapshotTaker;
  #tailEntries: number;
  /** Of the log that was applied since the last snapshot. */
  #logBytes = 0;
  #closed = false;

  constructor(context: GroupContext) {
    this.#context = context;
    const { options, group, raft } = context;
    const { ports, nodeId, snapshotStore: store, tuning } = options;
    this.#tailEntries = tuning.snapshotTailEntries;
    const send = context.send.bind(context);
    const shared = { group: group.id, nodeId, store, send };
    this.#sender = new SnapshotSender({
      ...shared,
      ended: (to) => {
        raft.snapshotSent(to);
        context.wake();
      },
      timeoutMs: tuning.requestTimeoutMs,
    });
    this.#receiver = new SnapshotReceiver({
      ...shared,
      received: ({ from, to, term, snapshot }) => {
        raft.step({ type: 'InstallSnapshot', from, to, term, snapshot }, context.nowMs());
        context.wake();
      },
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
    this.#sender.start(to, snapshot, raft.currentTerm, this.#context.nowMs());
  }

  chunkReceived(message: SnapshotChunk): void {
    const { raft } = this.#context;
    // Heartbeats of the same leader bring the term; until then its chunks can wait.
    if (message.term === raft.currentTerm && message.from === raft.leaderId) {
      this.#receiver.receive(message);
    } else {
      this.#receiver.refuse(message);
    }
  }

  chunkAnswered(message: SnapshotChunkResponse): void {
    this.#sender.answered(message, this.#context.nowMs());
  }

  /**
   * The log has grown by `bytes` of applied entries. A snapshot is due once that is as much as the
   * last snapshot had, so that writing snapshots at most doubles what is written in all.
   */
  applied(bytes: number): void {
    this.#logBytes += bytes;
    const { snapshotLogBytes } = this.#context.options.tuning;
    if (this.#logBytes < Math.max(snapshotLogBytes, this.#taker.lastBytes)) return;
    this.#take(this.#context.options.tuning.snapshotTailEntries);
  }

  /** @param bytes what the snapshot's content had */
  restored(bytes: number): void {
    this.#logBytes = 0;
    this.#taker.lastBytes = bytes;
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

  #take(tailEntries: number): void {
    const { options, group, raft } = this.#context;
    const appliedIndex = this.#context.appliedIndex();
    if (this.#closed || this.#taker.busy || appliedIndex < raft.snapshot.index) return;
    this.#tailEntries = tailEntries;
    if (appliedIndex === raft.snapshot.index) {
      this.#taken(raft.snapshot);
      return;
    }
    this.#logBytes = 0;
    options.ports.logger.info('taking snapshot', { group: group.name, index: appliedIndex });
    this.#taker.start(raft.snapshotMeta(appliedIndex));
  }

  #taken(snapshot: SnapshotMeta): void {
    this.#context.raft.compact(snapshot, this.#tailEntries);
    this.#context.wake();
  }

  linkLost(peer: NodeId): void {
    this.#sender.linkLost(peer);
  }

  expire(nowMs: number): void {
    this.#sender.expire(nowMs);
  }

  close(): void {
    this.#closed = true;
    this.#sender.close();
    this.#receiver.close();
    this.#taker.cancel();
  }
}
