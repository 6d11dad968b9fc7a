import type { SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type {
  GroupId,
  NodeId,
  PeerMessage,
  SnapshotChunk,
  SnapshotChunkResponse,
  SnapshotMeta,
} from '@quorate/schema';

interface Incoming {
  readonly from: NodeId;
  readonly snapshot: SnapshotMeta;
  writer: SnapshotWriter | null;
  nextChunk: number;
  /** A chunk is being written; repeated ones are answered by its completion. */
  busy: boolean;
}

export interface SnapshotReceiverOptions {
  readonly group: GroupId;
  readonly nodeId: NodeId;
  readonly store: SnapshotStore;
  readonly send: (to: NodeId, message: PeerMessage) => boolean;
  /** All of it is durable: the core may take it. */
  readonly received: (chunk: SnapshotChunk) => void;
}

/** Takes in one snapshot at a time; a newer one, or another leader's, replaces it. */
export class SnapshotReceiver {
  readonly #options: SnapshotReceiverOptions;
  #incoming: Incoming | null = null;

  constructor(options: SnapshotReceiverOptions) {
    this.#options = options;
  }

  receive(message: SnapshotChunk): void {
    const current = this.#incoming;
    const same =
      current !== null &&
      current.from === message.from &&
      current.snapshot.index === message.snapshot.index &&
      current.snapshot.term === message.snapshot.term;
    if (!same) {
      if (message.chunk !== 0) {
        this.#answer(message, 'more', 0);
        return;
      }
      this.#begin(message);
      return;
    }
    if (current.busy) return;
    if (message.chunk !== current.nextChunk) {
      this.#answer(message, 'more', current.nextChunk);
      return;
    }
    this.#take(current, message);
  }

  refuse(message: SnapshotChunk): void {
    this.#answer(message, 'refused', 0);
  }

  close(): void {
    this.#incoming?.writer?.abort();
    this.#incoming = null;
  }

  #begin(message: SnapshotChunk): void {
    this.close();
    const { from, snapshot } = message;
    const incoming: Incoming = { from, snapshot, writer: null, nextChunk: 0, busy: true };
    this.#incoming = incoming;
    this.#options.store.create(this.#options.group, snapshot, (_error, writer) => {
      if (this.#incoming !== incoming) {
        writer?.abort();
        return;
      }
      if (writer === null) {
        this.#abandon(message);
        return;
      }
      incoming.writer = writer;
      this.#take(incoming, message);
    });
  }

  #take(incoming: Incoming, message: SnapshotChunk): void {
    const { writer } = incoming;
    if (writer === null) return;
    incoming.busy = true;
    const done = (error: Error | null): void => {
      if (this.#incoming !== incoming) return;
      if (error !== null) {
        this.#abandon(message);
        return;
      }
      incoming.busy = false;
      incoming.nextChunk += 1;
      if (!message.last) {
        this.#answer(message, 'more', incoming.nextChunk);
        return;
      }
      this.#incoming = null;
      this.#options.received(message);
      this.#answer(message, 'installed', incoming.nextChunk);
    };
    // The last message carries no content: it says that all has been sent.
    if (message.last) writer.commit(done);
    else writer.write(message.data, done);
  }

  #abandon(message: SnapshotChunk): void {
    this.close();
    this.#answer(message, 'refused', 0);
  }

  #answer(
    message: SnapshotChunk,
    outcome: SnapshotChunkResponse['outcome'],
    nextChunk: number,
  ): void {
    this.#options.send(message.from, {
      type: 'SnapshotChunkResponse',
      from: this.#options.nodeId,
      to: message.from,
      term: message.term,
      snapshotIndex: message.snapshot.index,
      snapshotTerm: message.snapshot.term,
      nextChunk,
      outcome,
    });
  }
}
