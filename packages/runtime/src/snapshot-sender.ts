import type { Timer, Timers } from '@quorate/base';
import type { SnapshotReader, SnapshotStore } from '@quorate/raft';
import type {
  GroupId,
  NodeId,
  PeerMessage,
  SnapshotChunk,
  SnapshotChunkResponse,
  SnapshotMeta,
  Term,
} from '@quorate/schema';
import type { SendRate } from './send-rate.ts';

/** Chunks on their way to one follower, once it has said where to begin. */
const maxInflightChunks = 4;

const noData = new Uint8Array(0);

interface Transfer {
  readonly to: NodeId;
  readonly snapshot: SnapshotMeta;
  readonly term: Term;
  reader: SnapshotReader | null;
  /** Counts readers: what an earlier one brings is of no use any more. */
  readers: number;
  /** The reader is being opened, or asked for a chunk. */
  reading: boolean;
  /** Read and not sent: the rate, or a full queue, holds it up. */
  held: SnapshotChunk | null;
  /** The chunk to be sent next. */
  next: number;
  /** The follower has all chunks before this one. */
  acked: number;
  /** The closing chunk has been sent. */
  sentLast: boolean;
  /** One, until the follower has said what it has. */
  window: number;
  /** What was lost from `acked` on is being sent again: further complaints are of old. */
  wentBack: boolean;
  /** Waits for the rate. */
  timer: Timer | null;
  /** When the follower last answered; what the rate held up does not count as silence. */
  heardMs: number;
  /** Since when chunks are unanswered. */
  sinceMs: number;
}

export interface SnapshotSenderOptions {
  readonly group: GroupId;
  readonly nodeId: NodeId;
  readonly store: Pick<SnapshotStore, 'open'>;
  readonly send: (to: NodeId, message: PeerMessage) => boolean;
  /** The transfer is over, whichever way. */
  readonly ended: (to: NodeId) => void;
  readonly timeoutMs: number;
  readonly rate: SendRate;
  readonly timers: Timers;
  readonly nowMs: () => number;
}

/**
 * Streams snapshots to followers, a few chunks ahead of the answers. The first chunk goes alone:
 * a follower that has kept something of the same snapshot answers it with the chunk that it wants.
 * Whatever is lost on the way is sent again from where the follower is.
 */
export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  readonly #transfers = new Map<NodeId, Transfer>();

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
  }

  start(to: NodeId, snapshot: SnapshotMeta, term: Term): void {
    this.#discard(to);
    const transfer: Transfer = {
      to,
      snapshot,
      term,
      reader: null,
      readers: 0,
      reading: false,
      held: null,
      next: 0,
      acked: 0,
      sentLast: false,
      window: 1,
      wentBack: false,
      timer: null,
      heardMs: this.#options.nowMs(),
      sinceMs: this.#options.nowMs(),
    };
    this.#transfers.set(to, transfer);
    this.#openAt(transfer, 0);
  }

  answered(message: SnapshotChunkResponse): void {
    const transfer = this.#transfers.get(message.from);
    if (transfer === undefined) return;
    const { snapshot, acked, next } = transfer;
    if (snapshot.index !== message.snapshotIndex || snapshot.term !== message.snapshotTerm) return;
    transfer.heardMs = this.#options.nowMs();
    transfer.sinceMs = transfer.heardMs;
    if (message.outcome === 'installed') {
      this.#end(transfer);
      return;
    }
    if (message.outcome === 'refused') {
      // Anew at the next sweep: a disk without room must not be asked at the network's speed.
      this.#stop(transfer);
      transfer.heardMs = Number.NEGATIVE_INFINITY;
      return;
    }
    const { nextChunk } = message;
    transfer.window = maxInflightChunks;
    if (nextChunk > acked && nextChunk <= next) {
      transfer.acked = nextChunk;
      transfer.wentBack = false;
      this.#advance(transfer);
    } else if (nextChunk !== acked || (next > acked && !transfer.wentBack)) {
      this.#openAt(transfer, nextChunk);
      transfer.wentBack = true;
    }
  }

  /** Called several times in each timeout. */
  expire(): void {
    if (this.#transfers.size === 0) return;
    const { timeoutMs } = this.#options;
    const nowMs = this.#options.nowMs();
    for (const transfer of [...this.#transfers.values()]) {
      if (transfer.timer !== null) continue;
      const isUnanswered = transfer.next > transfer.acked;
      if (nowMs >= transfer.heardMs + timeoutMs) this.#end(transfer);
      else if (isUnanswered && nowMs >= transfer.sinceMs + timeoutMs / 4) {
        // A link may have taken chunks, or an answer, with it without a word.
        transfer.window = 1;
        this.#openAt(transfer, transfer.acked);
      } else this.#advance(transfer);
    }
  }

  /** What no link would take may go now. */
  linkUp(): void {
    for (const transfer of [...this.#transfers.values()]) this.#advance(transfer);
  }

  linkLost(peer: NodeId): void {
    const transfer = this.#transfers.get(peer);
    if (transfer !== undefined) this.#end(transfer);
  }

  close(): void {
    for (const to of [...this.#transfers.keys()]) this.#discard(to);
  }

  #end(transfer: Transfer): void {
    this.#discard(transfer.to);
    this.#options.ended(transfer.to);
  }

  #discard(to: NodeId): void {
    const transfer = this.#transfers.get(to);
    if (transfer === undefined) return;
    this.#transfers.delete(to);
    this.#stop(transfer);
  }

  #stop(transfer: Transfer): void {
    transfer.reader?.close();
    transfer.reader = null;
    transfer.readers += 1;
    // Nothing is read until there is another one.
    transfer.reading = true;
    transfer.held = null;
    transfer.timer?.cancel();
    transfer.timer = null;
  }

  #openAt(transfer: Transfer, chunk: number): void {
    const { group, store } = this.#options;
    this.#stop(transfer);
    transfer.sentLast = false;
    // There is no content to be read: the follower gets the end alone (rule 7).
    const isEmpty = transfer.snapshot.withheld;
    transfer.next = isEmpty ? 0 : chunk;
    transfer.acked = transfer.next;
    if (isEmpty) {
      this.#hold(transfer, null);
      return;
    }
    const { readers } = transfer;
    store.open(group, transfer.snapshot, chunk, (_error, reader) => {
      if (!this.#isCurrent(transfer, readers)) {
        reader?.close();
        return;
      }
      if (reader === null) {
        this.#end(transfer);
        return;
      }
      transfer.reader = reader;
      transfer.reading = false;
      this.#advance(transfer);
    });
  }

  #isCurrent(transfer: Transfer, readers: number): boolean {
    return this.#transfers.get(transfer.to) === transfer && transfer.readers === readers;
  }

  /** Sends what is there, and reads on, as far as the window goes. */
  #advance(transfer: Transfer): void {
    if (transfer.held !== null) {
      this.#sendHeld(transfer);
      return;
    }
    const { reader, readers, next, acked, window } = transfer;
    if (transfer.reading || transfer.sentLast || next - acked >= window) return;
    transfer.reading = true;
    reader?.next((error, data) => {
      if (!this.#isCurrent(transfer, readers)) return;
      if (error === null) this.#hold(transfer, data);
      else this.#end(transfer);
    });
  }

  /** @param data null: the snapshot ends */
  #hold(transfer: Transfer, data: Uint8Array | null): void {
    transfer.reading = false;
    transfer.held = {
      type: 'SnapshotChunk',
      from: this.#options.nodeId,
      to: transfer.to,
      term: transfer.term,
      snapshot: transfer.snapshot,
      chunk: transfer.next,
      last: data === null,
      data: data ?? noData,
    };
    this.#sendHeld(transfer);
  }

  #sendHeld(transfer: Transfer): void {
    const { held, to } = transfer;
    const { rate, timers, send, nowMs } = this.#options;
    if (held === null || transfer.timer !== null) return;
    const { waitMs } = rate;
    if (waitMs > 0) {
      const fromMs = nowMs();
      transfer.timer = timers.after(waitMs, () => {
        transfer.timer = null;
        const waitedMs = nowMs() - fromMs;
        transfer.heardMs += waitedMs;
        transfer.sinceMs += waitedMs;
        this.#sendHeld(transfer);
      });
      return;
    }
    // A full queue, or no link: tried again at an answer, when a link is up, or at the next sweep.
    if (!send(to, held)) return;
    rate.spend(held.data.length);
    if (transfer.next === transfer.acked) transfer.sinceMs = nowMs();
    transfer.held = null;
    transfer.next += 1;
    transfer.sentLast = held.last;
    this.#advance(transfer);
  }
}
