import type { SnapshotStore, SnapshotWriter } from '@quorate/raft';
import type {
  GroupId,
  NodeId,
  PeerMessage,
  SnapshotChunk,
  SnapshotChunkResponse,
  SnapshotMeta,
  Term,
} from '@quorate/schema';

/** Of chunks that wait for the one before them to be written; more than a sender sends ahead. */
const maxWaitingChunks = 8;

interface Incoming {
  readonly from: NodeId;
  readonly term: Term;
  readonly snapshot: SnapshotMeta;
  writer: SnapshotWriter | null;
  /** All chunks before it are written. */
  nextChunk: number;
  /** In order, the first of them being written. */
  readonly waiting: SnapshotChunk[];
  /** The sender has been told where to go on; what it had sent before that is dropped silently. */
  toldChunk: number;
  heardMs: number;
}

export interface SnapshotReceiverOptions {
  readonly group: GroupId;
  readonly nodeId: NodeId;
  readonly store: SnapshotStore;
  readonly send: (to: NodeId, message: PeerMessage) => boolean;
  /** All of it is durable: the core may take it. */
  readonly received: (chunk: SnapshotChunk) => void;
  /** After which a snapshot of which nothing more comes is given up. */
  readonly abandonAfterMs: number;
  readonly nowMs: () => number;
}

/**
 * Takes in one snapshot at a time. What came of it is kept when the link is lost, and the leader
 * goes on with it later. A newer snapshot replaces it, and so does the same one from another leader
 * or in another term: two nodes, or one before and after a restart, may cut the same state into
 * different chunks, which must not be mixed.
 */
export class SnapshotReceiver {
  readonly #options: SnapshotReceiverOptions;
  #incoming: Incoming | null = null;

  constructor(options: SnapshotReceiverOptions) {
    this.#options = options;
  }

  receive(message: SnapshotChunk): void {
    const current = this.#incoming;
    if (current === null || !isSame(current, message)) {
      if (message.chunk === 0) this.#begin(message);
      else this.#answer(message, 'more', 0);
      return;
    }
    current.heardMs = this.#options.nowMs();
    const expected = current.nextChunk + current.waiting.length;
    if (message.chunk !== expected) {
      this.#redirect(current, message, expected);
      return;
    }
    if (current.waiting.length === maxWaitingChunks) return;
    current.waiting.push(message);
    if (current.waiting.length === 1) this.#takeNext(current);
  }

  /** A chunk that is none of the next: one was lost, or the sender begins anew. */
  #redirect(current: Incoming, message: SnapshotChunk, expected: number): void {
    const isEarlier = message.chunk < expected;
    // What is being written answers for itself.
    if (isEarlier ? current.waiting.length > 0 : current.toldChunk === expected) return;
    current.toldChunk = expected;
    this.#answer(message, 'more', expected);
  }

  refuse(message: SnapshotChunk): void {
    this.#answer(message, 'refused', 0);
  }

  /** The log already reaches as far as the snapshot: no more of it is needed. */
  skip(message: SnapshotChunk): void {
    this.close();
    this.#options.received(message);
    this.#answer(message, 'installed', message.chunk + 1);
  }

  expire(): void {
    const { nowMs, abandonAfterMs } = this.#options;
    if (this.#incoming !== null && nowMs() >= this.#incoming.heardMs + abandonAfterMs) this.close();
  }

  close(): void {
    this.#incoming?.writer?.abort();
    this.#incoming = null;
  }

  #begin(message: SnapshotChunk): void {
    this.close();
    const { from, term, snapshot } = message;
    const incoming: Incoming = {
      from,
      term,
      snapshot,
      writer: null,
      nextChunk: 0,
      waiting: [message],
      toldChunk: 0,
      heardMs: this.#options.nowMs(),
    };
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
      this.#takeNext(incoming);
    });
  }

  #takeNext(incoming: Incoming): void {
    const { writer } = incoming;
    const [message] = incoming.waiting;
    if (writer === null || message === undefined) return;
    const done = (error: Error | null): void => {
      if (this.#incoming !== incoming) return;
      if (error !== null) {
        this.#abandon(message);
        return;
      }
      incoming.waiting.shift();
      incoming.nextChunk += 1;
      if (message.last) {
        this.#incoming = null;
        this.#options.received(message);
        this.#answer(message, 'installed', incoming.nextChunk);
        return;
      }
      this.#answer(message, 'more', incoming.nextChunk);
      this.#takeNext(incoming);
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

function isSame({ from, term, snapshot }: Incoming, message: SnapshotChunk): boolean {
  return (
    from === message.from &&
    term === message.term &&
    snapshot.index === message.snapshot.index &&
    snapshot.term === message.snapshot.term &&
    snapshot.withheld === message.snapshot.withheld
  );
}
