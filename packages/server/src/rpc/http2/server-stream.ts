import type { CallStatus } from './call-status.ts';

/** What a call hears from its stream. */
export interface StreamReceiver {
  /** @param bytes at least one; they stay as they are */
  data(bytes: Buffer): void;
  /** The client will send no more. */
  ended(): void;
  /** What `send` had to keep has been sent, after `send` asked to wait. */
  drained(): void;
  /** The client cancelled, or the connection is gone. The last of all. */
  aborted(): void;
}

/** What streams ask of their connection. */
export interface StreamOwner {
  /** @returns false when what comes next is kept in memory */
  send(stream: ServerStream, message: Uint8Array): boolean;
  respond(stream: ServerStream, status: number, fields: HeaderFields): void;
  /** @returns false when what comes next is kept in memory */
  write(stream: ServerStream, bytes: Uint8Array): boolean;
  finish(stream: ServerStream, status: CallStatus | null): void;
}

/** Names in small letters, and their values. */
export type HeaderFields = Iterable<readonly [name: string, value: string]>;

/** Hears what comes for a stream that nobody listens to any more. */
export const nobody: StreamReceiver = {
  data: () => undefined,
  ended: () => undefined,
  drained: () => undefined,
  aborted: () => undefined,
};

/** One stream of a connection: the HTTP/2 of one call. Its fields are its connection's. */
export class ServerStream {
  readonly id: number;
  readonly #owner: StreamOwner;
  receiver: StreamReceiver = nobody;
  /** How much more the client takes; below 0 after it changed its settings. */
  sendWindow: number;
  /** How much more the client may send. */
  receiveWindow: number;
  isRemoteEnded = false;
  /** Answered, reset, or its connection is over. */
  isGone = false;
  /** The answer is complete, sent or not. */
  isFinished = false;
  hasHeaders = false;
  /** Asked to wait. */
  isWaiting = false;
  /** What flow control keeps back, prefixes of messages included. */
  pending: Uint8Array[] | null = null;
  /** Of the first of these, what is sent already. */
  pendingAt = 0;
  pendingBytes = 0;
  /** What follows `pending`, once finished. */
  status: CallStatus | null = null;

  constructor(id: number, owner: StreamOwner, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.#owner = owner;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /**
   * Sends one message.
   *
   * @param message must not change any more
   * @returns false when `drained` should be waited for
   */
  send(message: Uint8Array): boolean {
    return this.#owner.send(this, message);
  }

  /** Begins an answer that is no gRPC: bytes follow, or its end. */
  respond(status: number, fields: HeaderFields): void {
    this.#owner.respond(this, status, fields);
  }

  /**
   * Sends some of the body of such an answer.
   *
   * @param bytes at least one; they must not change any more
   * @returns false when `drained` should be waited for
   */
  write(bytes: Uint8Array): boolean {
    return this.#owner.write(this, bytes);
  }

  /**
   * Ends the call, once; its receiver hears nothing more.
   *
   * @param status null is success; `bodyEnd` of what is no gRPC
   */
  finish(status: CallStatus | null): void {
    this.receiver = nobody;
    this.#owner.finish(this, status);
  }
}
