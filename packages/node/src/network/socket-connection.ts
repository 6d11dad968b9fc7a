import type { Socket } from 'node:net';
import type { Connection, ConnectionHandlers } from '@quorate/base';
import { assert, formatAddress } from '@quorate/base';
import { networkReason } from './network-failure.ts';

/** Above this `write` returns false; far more than a link's bandwidth times its round trip. */
export const queueMarkBytes = 1024 * 1024;

/** Up to this a copy into one buffer is cheaper than a write request for each chunk. */
const joinBytes = 16 * 1024;

/** Finds peers that vanished without a word, should nothing be sent for long. */
const keepAliveMs = 10_000;

const endReason = 'the peer ended the connection';

type FirstBytes = (chunk: Uint8Array) => string | null;

/** A TCP connection, or one with TLS, behind the port; made with a socket that is connected. */
export class SocketConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;
  #handlers: ConnectionHandlers | null = null;
  /** Set when the end has begun; from then on only `closed` is called. */
  #reason: string | null = null;

  /** Of the first bytes that come; null once they have come. */
  #first: FirstBytes | null;
  readonly #unheardReason: string;
  #isHeard = false;

  /**
   * @param first why what begins so is no peer's, null when it may be; asked once
   * @param unheardReason what is meant by an end before anything was said
   */
  constructor(socket: Socket, first: FirstBytes | null = null, unheardReason = endReason) {
    this.#socket = socket;
    this.#unheardReason = unheardReason;
    this.#first = first;
    const host = socket.remoteAddress ?? 'unknown';
    this.remote = formatAddress({ host, port: socket.remotePort ?? 0 });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
  }

  /** Called once, in the turn the connection was made, before any byte can arrive. */
  attach(handlers: ConnectionHandlers): void {
    assert(this.#handlers === null, 'a connection has one set of handlers');
    this.#handlers = handlers;
    this.#socket
      .on('data', (chunk: Uint8Array) => {
        if (!this.#isHeard) this.#hear(chunk);
        if (this.#reason === null) handlers.data(chunk);
      })
      .on('drain', () => {
        if (this.#reason === null) handlers.drained();
      })
      // A peer that has nothing more to say is gone: the protocol above has no half-open state.
      .on('end', () => this.close(this.#isHeard ? endReason : this.#unheardReason))
      .on('error', (error) => {
        this.#reason ??= networkReason(error);
      })
      .on('close', () => handlers.closed(this.#reason ?? 'the connection was closed'));
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (this.#reason !== null || socket.destroyed) return false;
    const first = chunks[0];
    if (first === undefined) return !socket.writableNeedDrain;
    if (chunks.length === 1) return socket.write(first);
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    if (length <= joinBytes) return socket.write(Buffer.concat(chunks, length));
    let below = true;
    socket.cork();
    for (const chunk of chunks) below = socket.write(chunk);
    socket.uncork();
    return below;
  }

  #hear(chunk: Uint8Array): void {
    this.#isHeard = true;
    const refusal = this.#first?.(chunk) ?? null;
    this.#first = null;
    if (refusal === null) return;
    this.#reason ??= refusal;
    // What was written still goes out.
    this.#socket.destroySoon();
  }

  close(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }
}
