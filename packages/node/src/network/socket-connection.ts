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

/** A TCP connection behind the port; made with a socket that is connected. */
export class SocketConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;
  #handlers: ConnectionHandlers | null = null;
  /** Set when the end has begun; from then on only `closed` is called. */
  #reason: string | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
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
        if (this.#reason === null) handlers.data(chunk);
      })
      .on('drain', () => {
        if (this.#reason === null) handlers.drained();
      })
      // A peer that has nothing more to say is gone: the protocol above has no half-open state.
      .on('end', () => this.close('the peer ended the connection'))
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

  close(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }
}
