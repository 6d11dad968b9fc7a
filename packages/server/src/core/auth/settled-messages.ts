import type { StreamCall, StreamListener } from '../method.ts';
import { rpcErrors } from '../rpc-error.ts';
import type { AuthGuard } from './auth-guard.ts';

/** So many messages may come before it is known whose token a stream has. */
const mostWaiting = 1000;

/**
 * Hands a stream's messages on, each once it is known whose token the stream has: at once nearly
 * always, and always in order.
 */
export class SettledMessages {
  readonly #guard: Pick<AuthGuard, 'isSettled' | 'settle'>;
  readonly #call: StreamCall;
  readonly #listener: StreamListener;
  #waiting: Uint8Array[] = [];
  #isHalfClosed = false;
  #isOver = false;

  constructor(
    guard: Pick<AuthGuard, 'isSettled' | 'settle'>,
    call: StreamCall,
    listener: StreamListener,
  ) {
    this.#guard = guard;
    this.#call = call;
    this.#listener = listener;
  }

  message(request: Uint8Array): void {
    if (this.#waiting.length === 0 && this.#guard.isSettled(this.#call.context)) {
      this.#listener.message(request);
    } else if (this.#waiting.length === mostWaiting) {
      this.#call.end(rpcErrors.tooManyRequests);
      this.#listener.closed();
    } else {
      // Transports use their buffers again.
      this.#waiting.push(new Uint8Array(request));
      if (this.#waiting.length > 1) return;
      this.#guard.settle(this.#call.context, () => this.#flush());
    }
  }

  halfClosed(): void {
    if (this.#waiting.length > 0) this.#isHalfClosed = true;
    else this.#listener.halfClosed();
  }

  /** The stream is over: what waits is dropped. */
  stop(): void {
    this.#isOver = true;
    this.#waiting = [];
  }

  #flush(): void {
    for (let at = 0; at < this.#waiting.length; at++) {
      this.#listener.message(this.#waiting[at] as Uint8Array);
    }
    this.#waiting = [];
    if (!this.#isHalfClosed || this.#isOver) return;
    this.#isHalfClosed = false;
    this.#listener.halfClosed();
  }
}
