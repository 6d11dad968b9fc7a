import { type Connection, type ConnectionHandlers, present } from '@quorate/base';
import type { PipeReceiver, PipeSender, PipeWorld, VirtualPipe } from './virtual-pipe.ts';

/** What an endpoint asks of the network it is part of. */
export interface EndpointWorld extends PipeWorld {
  /** As a socket's buffer: bytes beyond it count as queued in the process. */
  readonly socketBufferBytes: number;
  /** `write` returns false while more than this is queued. */
  readonly highWaterBytes: number;
  /** Whether the connection breaks at this very write. */
  breaksAtWrite(from: number, to: number): boolean;
  /** An endpoint has seen its end. */
  finished(): void;
}

/**
 * One side of a connection. `opening`: the other side's consent is still under way. `closing`:
 * closed here, and the process has yet to hear of it. `dead`: its process is gone and is never
 * called again.
 */
export class VirtualEndpoint implements Connection, PipeReceiver, PipeSender {
  readonly node: number;
  readonly peer: number;
  readonly remote: string;
  readonly #world: EndpointWorld;
  #handlers: ConnectionHandlers | null = null;
  #whenOpen: ((error: Error | null) => void) | null = null;
  #outgoing: VirtualPipe | null = null;
  #incoming: VirtualPipe | null = null;
  #state: 'opening' | 'open' | 'closing' | 'closed' | 'dead' = 'open';
  #isAboveMark = false;

  constructor(world: EndpointWorld, node: number, peer: number, remote: string) {
    this.#world = world;
    this.node = node;
    this.peer = peer;
    this.remote = remote;
  }

  attach(outgoing: VirtualPipe, incoming: VirtualPipe): void {
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  handleBy(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  /** For the side that connects: nothing is delivered before the other side's consent. */
  awaitOpening(whenOpen: (error: Error | null) => void): void {
    this.#state = 'opening';
    this.#whenOpen = whenOpen;
  }

  get isFinished(): boolean {
    return this.#state === 'closed' || this.#state === 'dead';
  }

  get reception(): 'ready' | 'done' | 'dead' {
    if (this.#state === 'dead') return 'dead';
    return this.#state === 'opening' || this.#state === 'open' ? 'ready' : 'done';
  }

  get queuedBytes(): number {
    const waitingBytes = this.#outgoing?.waitingBytes ?? 0;
    return Math.max(0, waitingBytes - this.#world.socketBufferBytes);
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open') return false;
    for (const chunk of chunks) this.#out().write(chunk);
    if (this.#world.breaksAtWrite(this.node, this.peer)) this.break('connection reset', false);
    this.#isAboveMark = this.queuedBytes > this.#world.highWaterBytes;
    return !this.#isAboveMark;
  }

  close(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#out().end('closed by peer');
    this.#later(() => {
      if (this.#state === 'closing') this.#finish(reason);
    });
  }

  /** Breaks the whole connection; each side hears of it after what still reaches it. */
  break(reason: string, isForced: boolean): void {
    this.#out().cut(reason, isForced);
    this.#incoming?.cut(reason, isForced);
  }

  /**
   * The process of this side is gone. Of a process that ended while its machine runs on, the peer
   * is told by the machine; of a machine that lost power it hears nothing until it writes.
   */
  vanish(cause: 'process' | 'machine'): void {
    if (this.isFinished) return;
    this.#state = 'dead';
    if (cause === 'process') this.#out().cut('connection reset by peer', false);
    else this.#out().stop();
    this.#world.finished();
  }

  /** A partition was healed: go on with what it held up. */
  resume(): void {
    this.#out().resume();
  }

  opened(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#whenOpen?.(null);
  }

  received(chunk: Uint8Array): void {
    if (this.#state === 'open') this.#handlers?.data(chunk);
  }

  ended(reason: string): void {
    if (this.#state === 'opening') {
      this.#state = 'closed';
      this.#world.finished();
      this.#whenOpen?.(new Error(`connect: ${reason}`));
    } else if (this.#state === 'open') {
      this.#out().abandon();
      this.#finish(reason);
    }
  }

  progressed(): void {
    if (!this.#isAboveMark || this.queuedBytes > this.#world.highWaterBytes) return;
    this.#isAboveMark = false;
    this.#later(() => {
      if (this.#state === 'open') this.#handlers?.drained();
    });
  }

  #later(callback: () => void): void {
    this.#world.schedule(0, () => this.#world.call(this.node, callback));
  }

  #finish(reason: string): void {
    this.#state = 'closed';
    this.#world.finished();
    this.#handlers?.closed(reason);
  }

  #out(): VirtualPipe {
    return present(this.#outgoing, 'an endpoint is attached before it is used');
  }
}
