import type { Crypto, Timer, Timers } from '@quorate/base';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import { clusterVersionOf } from './api-release.ts';
import { holdContent } from './database/database-content.ts';
import {
  type DatabaseContent,
  type DatabaseHead,
  writeDatabase,
} from './database/database-writer.ts';
import type { StreamCall, StreamListener, StreamMethod } from './method.ts';
import { malformedRequest, rpcErrors } from './rpc-error.ts';
import type { ServiceContext } from './service-context.ts';

/** A client that reads nothing for so long is given up. */
const stallMs = 60_000;

/** What one message of the stream holds. */
const pieceBytes = 64 * 1024;

/**
 * Sends the state as etcd's database file, so that whoever saves it can go on with etcd. The file
 * is drawn twice: once to learn its head, which comes first and needs to know all, once to send it.
 * That costs time and no disk; what is drawn is held as it was at the beginning.
 */
export class SnapshotService {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  methods(): [path: string, method: StreamMethod][] {
    return [['/etcdserverpb.Maintenance/Snapshot', (call) => this.#begin(call)]];
  }

  #begin(call: StreamCall): StreamListener {
    // Nothing is held back for a client that has not asked yet, and may not be allowed to.
    let sending: Sending | null = null;
    return {
      message: (request) => {
        if (sending !== null) return;
        const isWellFormed = decodeMessage(etcd.SnapshotRequest, request) !== null;
        const { guard } = this.#context;
        const refusal = isWellFormed ? guard.adminRefusal(call.context) : malformedRequest;
        if (refusal !== null) {
          call.end(refusal);
          return;
        }
        sending = this.#sending(call);
        sending.goOn();
      },
      halfClosed: () => {
        if (sending === null) call.end(malformedRequest);
      },
      drained: () => sending?.drained(),
      closed: () => sending?.stop(),
    };
  }

  #sending(call: StreamCall): Sending {
    const { store, options, group } = this.#context;
    const content = holdContent({
      clusterId: options.identity.clusterId,
      machine: options.machine,
      store,
      group,
    });
    const header = { ...options.identity, revision: content.revision, raftTerm: content.term };
    return new Sending(call, content, {
      crypto: options.crypto,
      timers: options.timers,
      encode: (remainingBytes, blob) =>
        encodeMessage(etcd.SnapshotResponse, {
          header,
          remainingBytes,
          blob,
          version: clusterVersionOf(options.version),
        }),
      ended: () => content.release(),
    });
  }
}

interface SendingPorts {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly timers: Timers;
  encode(remainingBytes: number, blob: Uint8Array): Uint8Array;
  /** Called once: nothing is drawn any more. */
  ended(): void;
}

/** One snapshot on its way: a slice of work at a time, and only while the client reads. */
class Sending {
  readonly #call: StreamCall;
  readonly #ports: SendingPorts;
  readonly #work: Generator<void, void>;
  readonly #unsent: Uint8Array[] = [];
  /** Runs while the client has to read before there is more. */
  #stalled: Timer | null = null;
  #isOver = false;

  constructor(call: StreamCall, content: DatabaseContent, ports: SendingPorts) {
    this.#call = call;
    this.#ports = ports;
    this.#work = this.#draw(content);
  }

  goOn(): void {
    this.#step();
  }

  drained(): void {
    if (this.#stalled === null) return;
    this.#stalled.cancel();
    this.#stalled = null;
    this.#step();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stalled?.cancel();
    this.#ports.ended();
  }

  #step(): void {
    if (this.#isOver || this.#stalled !== null) return;
    if (this.#work.next().done) {
      this.stop();
      this.#call.end(null);
    } else this.#ports.timers.defer(() => this.#step());
  }

  *#draw(content: DatabaseContent): Generator<void, void> {
    const { head, bytes }: DatabaseHead = yield* writeDatabase(content, () => undefined);
    const hasher = this.#ports.crypto.sha256();
    let left = bytes;
    const emit = (page: Uint8Array): void => {
      hasher.update(page);
      this.#unsent.push(page);
    };
    emit(head);
    const pages = writeDatabase(content, emit);
    for (let isDone = false; !isDone; ) {
      isDone = pages.next().done === true;
      while (this.#unsent.length > 0) {
        const piece = this.#takePiece();
        left -= piece.length;
        this.#send(left, piece);
        if (this.#stalled !== null) yield;
      }
      yield;
    }
    this.#send(0, hasher.digest());
  }

  #takePiece(): Uint8Array {
    const [first] = this.#unsent;
    if (first !== undefined && first.length > pieceBytes) {
      this.#unsent[0] = first.subarray(pieceBytes);
      return first.subarray(0, pieceBytes);
    }
    let bytes = 0;
    let count = 0;
    for (const page of this.#unsent) {
      if (bytes + page.length > pieceBytes) break;
      bytes += page.length;
      count += 1;
    }
    const piece = new Uint8Array(bytes);
    let at = 0;
    for (const page of this.#unsent.splice(0, count)) {
      piece.set(page, at);
      at += page.length;
    }
    return piece;
  }

  #send(remainingBytes: number, blob: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#call.send(this.#ports.encode(remainingBytes, blob))) return;
    this.#stalled ??= this.#ports.timers.after(stallMs, () => {
      // What is held back for it grows with every write.
      this.stop();
      this.#call.end(rpcErrors.deadlineExceeded);
    });
  }
}
