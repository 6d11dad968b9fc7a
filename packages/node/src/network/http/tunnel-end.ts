import type { Connection, ConnectionHandlers } from '@quorate/base';
import { assert } from '@quorate/base';
import { timers } from '../../time/timers.ts';
import { queueMarkBytes } from '../socket-connection.ts';
import { OutgoingBytes } from './outgoing-bytes.ts';

/** What an end asks of whoever carries its bytes. */
export interface TunnelCarrier {
  /** Something was written. */
  wake(): void;
  /**
   * The connection is over.
   *
   * @param isTold the other side knows, or is not there
   */
  over(reason: string, isTold: boolean): void;
}

/**
 * One end of a tunnel as the port sees it: a queue of what was written until the other side has
 * acknowledged it, and the offset up to which the other side's bytes were delivered. Requests and
 * answers may be lost, doubled and late: an offset says which bytes are new.
 */
export class TunnelEnd implements Connection {
  readonly remote: string;
  readonly outgoing = new OutgoingBytes();
  readonly #carrier: TunnelCarrier;
  readonly #maxQueuedBytes: number;
  #handlers: ConnectionHandlers | null = null;
  #received = 0;
  #isAboveMark = false;
  #isOver = false;

  constructor(remote: string, maxQueuedBytes: number, carrier: TunnelCarrier) {
    this.remote = remote;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#carrier = carrier;
  }

  /** Called once, before any byte arrives. */
  attach(handlers: ConnectionHandlers): void {
    assert(this.#handlers === null, 'a connection has one set of handlers');
    this.#handlers = handlers;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Of the other side's stream, so much was delivered. */
  get received(): number {
    return this.#received;
  }

  get queuedBytes(): number {
    return this.outgoing.length;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#isOver) return false;
    const before = this.outgoing.end;
    for (const chunk of chunks) this.outgoing.push(chunk);
    if (this.outgoing.length > this.#maxQueuedBytes) {
      this.finish(`the other side leaves ${this.outgoing.length} bytes waiting`, false);
      return false;
    }
    if (this.outgoing.end > before) this.#carrier.wake();
    this.#isAboveMark = this.outgoing.length > queueMarkBytes;
    return !this.#isAboveMark;
  }

  close(reason: string): void {
    this.finish(reason, false);
  }

  /**
   * The other side says that it has so much of what was written here.
   *
   * @returns false when the connection has ended, because so much was never written
   */
  acknowledged(offset: number): boolean {
    if (this.#isOver) return false;
    if (!this.outgoing.acknowledge(offset)) {
      this.finish('the other side acknowledged bytes that were never written', false);
      return false;
    }
    if (this.#isAboveMark && this.outgoing.length <= queueMarkBytes) {
      this.#isAboveMark = false;
      this.#handlers?.drained();
    }
    return !this.#isOver;
  }

  /**
   * Delivers what is new.
   *
   * @returns false when bytes before these are missing; nothing is delivered then
   */
  receive(offset: number, data: Uint8Array): boolean {
    if (offset > this.#received) return false;
    const fresh = data.subarray(Math.min(data.length, this.#received - offset));
    if (fresh.length === 0 || this.#isOver) return true;
    this.#received += fresh.length;
    this.#handlers?.data(fresh);
    return true;
  }

  /** Ends the connection; `closed` follows from the event loop. Idempotent. */
  finish(reason: string, isTold: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.outgoing.clear();
    this.#carrier.over(reason, isTold);
    // The handlers may be attached after this, by an `accept` that closed at once.
    timers.defer(() => this.#handlers?.closed(reason));
  }
}
