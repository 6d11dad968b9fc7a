import type { Connection, ConnectionHandlers } from '@quorate/base';
import { assert, concatBytes, present } from '@quorate/base';

/** Above this `write` returns false. */
const markBytes = 1024 * 1024;

/** The way from one node to another. */
export interface Road {
  readonly from: number;
  readonly to: number;
  /** What is on it waits. */
  readonly isPaused: boolean;
  readonly delayMs: number;
}

/** On its way to the other end; no bytes: this end has closed. */
interface Parcel {
  readonly bytes: Uint8Array | null;
  readonly dueMs: number;
}

/** One of the two ends of a connection inside the process. */
export class ConnectionEnd implements Connection {
  readonly road: Road;
  readonly remote: string;
  readonly #forget: () => void;
  #other: ConnectionEnd | null = null;
  #handlers: ConnectionHandlers | null = null;
  #parcels: Parcel[] = [];
  #queuedBytes = 0;
  #isAboveMark = false;
  #reason: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;

  /** @param forget called once it has ended */
  constructor(road: Road, remote: string, forget: () => void) {
    this.road = road;
    this.remote = remote;
    this.#forget = forget;
  }

  static join(one: ConnectionEnd, other: ConnectionEnd): void {
    one.#other = other;
    other.#other = one;
  }

  attach(handlers: ConnectionHandlers): void {
    assert(this.#handlers === null, 'a connection has one set of handlers');
    this.#handlers = handlers;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#reason !== null) return false;
    // A copy: who receives it may do so while the sender uses its buffers again.
    const bytes = concatBytes(chunks);
    if (bytes.length > 0) {
      this.#queuedBytes += bytes.length;
      this.#post(bytes);
    }
    if (this.#queuedBytes > markBytes) this.#isAboveMark = true;
    return !this.#isAboveMark;
  }

  close(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#post(null);
    setImmediate(() => this.#ended(reason));
  }

  /** Both ends are told, and what was under way is lost. */
  break(reason: string): void {
    this.#stop();
    if (this.#reason !== null) return;
    this.#reason = reason;
    setImmediate(() => this.#ended(reason));
  }

  /** Something may pass now that could not before. */
  roadChanged(): void {
    this.#schedule();
  }

  #post(bytes: Uint8Array | null): void {
    const earliestMs = this.#parcels.at(-1)?.dueMs ?? 0;
    const dueMs = Math.max(earliestMs, performance.now() + this.road.delayMs);
    this.#parcels.push({ bytes, dueMs });
    this.#schedule();
  }

  #schedule(): void {
    const [next] = this.#parcels;
    if (next === undefined || this.road.isPaused || this.#soon !== null) return;
    const waitMs = next.dueMs - performance.now();
    if (waitMs <= 0) {
      this.#soon = setImmediate(() => {
        this.#soon = null;
        this.#deliver();
      });
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#schedule();
      }, waitMs);
    }
  }

  /** Everything that is due, in one piece, as a socket would. */
  #deliver(): void {
    if (this.road.isPaused) return;
    const nowMs = performance.now();
    const due: Uint8Array[] = [];
    let isEnd = false;
    while (!isEnd && this.#parcels.length > 0) {
      const first = present(this.#parcels[0], 'there is one');
      if (first.dueMs > nowMs) break;
      this.#parcels.shift();
      if (first.bytes === null) isEnd = true;
      else due.push(first.bytes);
    }
    const bytes = concatBytes(due);
    this.#queuedBytes -= bytes.length;
    if (bytes.length > 0) this.#other?.receive(bytes);
    if (isEnd) {
      this.#other?.break('the peer ended the connection');
      this.#stop();
      return;
    }
    if (this.#isAboveMark && this.#queuedBytes <= markBytes / 2) {
      this.#isAboveMark = false;
      if (this.#reason === null) this.#handlers?.drained();
    }
    this.#schedule();
  }

  receive(bytes: Uint8Array): void {
    if (this.#reason === null) this.#handlers?.data(bytes);
  }

  #ended(reason: string): void {
    if (this.#parcels.length === 0) this.#stop();
    this.#handlers?.closed(reason);
    this.#handlers = null;
  }

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#timer = null;
    this.#soon = null;
    this.#parcels = [];
    this.#queuedBytes = 0;
    this.#forget();
  }
}
