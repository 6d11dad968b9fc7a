import { createHash, type Hash } from 'node:crypto';
import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import type { StreamContext } from '../calls/resuming-stream.ts';
import { verdictOfStream } from '../calls/verdict.ts';
import { ClientError, clientClosed, refused } from '../client-error.ts';
import type { ClientStream, TransportEndpoint } from '../transport/transport.ts';
import { unreachable } from '../transport/tried-endpoints.ts';

const path = '/etcdserverpb.Maintenance/Snapshot';

const connectTimeoutMs = 5000;

/** A server that sends nothing for so long is given up; it draws the whole file once first. */
const stallMs = 120_000;

/** What comes last: the SHA-256 of all before. */
const hashBytes = 32;

/** The snapshot that was received; `version` is the sender's, '' when it does not say. */
export interface SnapshotSummary {
  readonly endpoint: string;
  /** Of the file, its hash included. */
  readonly bytes: number;
  /** Of the database, hex digits; the file ends with it. */
  readonly sha256: string;
  /** Of the state in it; 0 when the server does not say. */
  readonly revision: number;
  readonly version: string;
}

/**
 * Told each piece of the file in order, and how many bytes are still to come. What it throws ends
 * the snapshot. Nothing more is received before it has returned.
 */
export type SnapshotReceiver = (piece: Uint8Array, remainingBytes: number) => void;

type Attempt = SnapshotSummary | { readonly next: ClientError; readonly isToken: boolean };

/** Gets snapshots of the cluster's state. */
export class Snapshots {
  readonly #context: StreamContext;
  readonly #running = new Set<() => void>();
  #isClosed = false;

  constructor(context: StreamContext) {
    this.#context = context;
  }

  /**
   * Asks one server after another until one begins to send.
   *
   * @throws ClientError CLIENT_UNREACHABLE, CLIENT_REFUSED, CLIENT_SNAPSHOT_INCOMPLETE,
   *   CLIENT_CLOSED
   */
  async take(receive: SnapshotReceiver): Promise<SnapshotSummary> {
    const endpoints = this.#context.endpoints.inTurn();
    let last: ClientError | null = null;
    for (const endpoint of endpoints) {
      let attempt = await this.#attempt(endpoint, receive);
      if ('next' in attempt && attempt.isToken) attempt = await this.#attempt(endpoint, receive);
      if (!('next' in attempt)) return attempt;
      last = attempt.next;
    }
    throw last ?? unreachable(endpoints);
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#running) end();
  }

  async #attempt(endpoint: TransportEndpoint, receive: SnapshotReceiver): Promise<Attempt> {
    const { tokens } = this.#context;
    if (this.#isClosed) throw clientClosed();
    const token = await tokens.token();
    const connection = await endpoint.connect(connectTimeoutMs);
    if (this.#isClosed) throw clientClosed();
    if (connection === null) return { next: unreachable([endpoint]), isToken: false };
    const file = new ReceivedFile(receive);
    const { code, reason } = await this.#stream(file, (listener) =>
      connection.stream(path, { token, requireLeader: false }, listener),
    );
    if (file.failure !== null) throw file.failure;
    if (this.#isClosed) throw clientClosed();
    const { address } = endpoint;
    if (code === 0) return file.finish(address);
    if (file.hasBegun) throw incomplete(address, reason);
    const verdict = verdictOfStream(code, reason);
    const error = refused(address, code, reason);
    if (verdict === 'refused') throw error;
    if (verdict !== 'token') return { next: error, isToken: false };
    if (!tokens.canRenew) throw error;
    await tokens.refuse(token);
    return { next: error, isToken: true };
  }

  #stream(
    file: ReceivedFile,
    open: (listener: {
      message(bytes: Uint8Array): void;
      ended(code: number, reason: string): void;
    }) => ClientStream,
  ): Promise<{ readonly code: number; readonly reason: string }> {
    const { timers } = this.#context.ports;
    return new Promise((resolve) => {
      const stalled = (): void => end(4, `nothing came for ${stallMs / 1000} s`);
      let timer = timers.after(stallMs, stalled);
      const end = (code: number, reason: string): void => {
        timer.cancel();
        this.#running.delete(stop);
        resolve({ code, reason });
        stream.cancel();
      };
      const stop = (): void => end(1, 'the client was closed');
      this.#running.add(stop);
      const stream = open({
        message: (bytes) => {
          timer.cancel();
          if (file.failure !== null) return;
          if (!file.take(bytes)) end(13, 'a message is malformed');
          else timer = timers.after(stallMs, stalled);
        },
        ended: end,
      });
      stream.send(encodeMessage(etcd.SnapshotRequest, {}));
    });
  }
}

/** The file as it comes in, its last 32 bytes held apart: they are to be the hash of the rest. */
class ReceivedFile {
  readonly #receive: SnapshotReceiver;
  readonly #hash: Hash = createHash('sha256');
  #tail = new Uint8Array(0);
  #bytes = 0;
  #revision = 0;
  #version = '';
  failure: unknown = null;

  constructor(receive: SnapshotReceiver) {
    this.#receive = receive;
  }

  get hasBegun(): boolean {
    return this.#bytes > 0;
  }

  /** @returns false when the message is none, or the receiver has failed */
  take(bytes: Uint8Array): boolean {
    const message = decodeMessage(etcd.SnapshotResponse, bytes);
    if (message === null) return false;
    const { blob, remainingBytes, header, version } = message;
    this.#revision ||= header?.revision ?? 0;
    this.#version ||= version;
    this.#bytes += blob.length;
    const held = new Uint8Array(this.#tail.length + blob.length);
    held.set(this.#tail);
    held.set(blob, this.#tail.length);
    const end = Math.max(0, held.length - hashBytes);
    this.#hash.update(held.subarray(0, end));
    this.#tail = held.slice(end);
    try {
      this.#receive(blob, remainingBytes);
    } catch (error) {
      this.failure = error;
      return false;
    }
    return true;
  }

  finish(endpoint: string): SnapshotSummary {
    const sha256 = this.#hash.digest('hex');
    if (sha256 !== Buffer.from(this.#tail).toString('hex')) {
      throw incomplete(endpoint, 'the SHA-256 at its end is not that of what came before');
    }
    const [bytes, revision, version] = [this.#bytes, this.#revision, this.#version];
    return { endpoint, bytes, sha256, revision, version };
  }
}

function incomplete(endpoint: string, reason: string): ClientError {
  const message =
    `the snapshot that ${endpoint} sent is not whole: ${reason}; ` +
    'throw away what came, and ask again';
  return new ClientError('CLIENT_SNAPSHOT_INCOMPLETE', message, { endpoint, reason });
}
