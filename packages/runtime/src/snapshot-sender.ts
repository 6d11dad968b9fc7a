import type { SnapshotReader, SnapshotStore } from '@quorate/raft';
import type {
  GroupId,
  NodeId,
  PeerMessage,
  SnapshotChunkResponse,
  SnapshotMeta,
  Term,
} from '@quorate/schema';

interface Transfer {
  readonly snapshot: SnapshotMeta;
  readonly term: Term;
  reader: SnapshotReader | null;
  /** The chunk that is out, kept until it is answered. */
  chunk: number;
  lastHeardMs: number;
}

export interface SnapshotSenderOptions {
  readonly group: GroupId;
  readonly nodeId: NodeId;
  readonly store: SnapshotStore;
  readonly send: (to: NodeId, message: PeerMessage) => boolean;
  /** The transfer is over, whichever way. */
  readonly ended: (to: NodeId) => void;
  readonly timeoutMs: number;
}

/** Streams snapshots to followers, a chunk at a time, each answered before the next. */
export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  readonly #transfers = new Map<NodeId, Transfer>();

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
  }

  start(to: NodeId, snapshot: SnapshotMeta, term: Term, nowMs: number): void {
    this.#discard(to);
    const transfer: Transfer = { snapshot, term, reader: null, chunk: 0, lastHeardMs: nowMs };
    this.#transfers.set(to, transfer);
    this.#openAt(to, transfer, 0);
  }

  answered(message: SnapshotChunkResponse, nowMs: number): void {
    const { from } = message;
    const transfer = this.#transfers.get(from);
    if (transfer === undefined) return;
    const { snapshot } = transfer;
    if (snapshot.index !== message.snapshotIndex || snapshot.term !== message.snapshotTerm) return;
    transfer.lastHeardMs = nowMs;
    if (message.outcome === 'installed') {
      this.#end(from);
    } else if (message.outcome === 'refused') {
      // Anew at the next sweep: a disk without room must not be asked at the network's speed.
      transfer.reader?.close();
      transfer.reader = null;
      transfer.lastHeardMs = Number.NEGATIVE_INFINITY;
    } else if (message.nextChunk === transfer.chunk + 1 && transfer.reader !== null) {
      transfer.chunk = message.nextChunk;
      this.#sendNext(from, transfer);
    } else if (message.nextChunk !== transfer.chunk + 1) {
      this.#openAt(from, transfer, message.nextChunk);
    }
  }

  expire(nowMs: number): void {
    for (const [to, transfer] of this.#transfers) {
      if (nowMs >= transfer.lastHeardMs + this.#options.timeoutMs) this.#end(to);
    }
  }

  linkLost(peer: NodeId): void {
    if (this.#transfers.has(peer)) this.#end(peer);
  }

  close(): void {
    for (const to of [...this.#transfers.keys()]) this.#discard(to);
  }

  #end(to: NodeId): void {
    this.#discard(to);
    this.#options.ended(to);
  }

  #discard(to: NodeId): void {
    this.#transfers.get(to)?.reader?.close();
    this.#transfers.delete(to);
  }

  #openAt(to: NodeId, transfer: Transfer, chunk: number): void {
    transfer.reader?.close();
    transfer.reader = null;
    transfer.chunk = chunk;
    this.#options.store.open(this.#options.group, transfer.snapshot, chunk, (_error, reader) => {
      if (this.#transfers.get(to) !== transfer) {
        reader?.close();
        return;
      }
      if (reader === null) {
        this.#end(to);
        return;
      }
      transfer.reader = reader;
      this.#sendNext(to, transfer);
    });
  }

  #sendNext(to: NodeId, transfer: Transfer): void {
    const { reader, snapshot, term } = transfer;
    reader?.next((error, data) => {
      if (this.#transfers.get(to) !== transfer || transfer.reader !== reader) return;
      if (error !== null) {
        this.#end(to);
        return;
      }
      const message = {
        type: 'SnapshotChunk',
        from: this.#options.nodeId,
        to,
        term,
        snapshot,
        chunk: transfer.chunk,
        last: data === null,
        data: data ?? new Uint8Array(0),
      } as const;
      // A chunk that could not be queued is asked for again by nobody: give up, begin anew later.
      if (!this.#options.send(to, message)) this.#end(to);
    });
  }
}
