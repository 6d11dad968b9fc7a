import type { RpcError } from './rpc-error.ts';

/** What a client says beside its request: its metadata, as far as the API knows it. */
export interface CallContext {
  /** `hasleader`: rather an error than an answer while there is no leader. */
  readonly requireLeader: boolean;
  /** What `Authenticate` gave, without a `Bearer` before it; '' when there is none. */
  readonly token: string;
  /** The common name of the certificate that the client showed; '' without one. */
  readonly commonName: string;
  /** As the client sent it; absent when it sent none. */
  readonly traceparent?: string;
  /** What a command of this call carries in the log, where the call is traced; see `withTrace`. */
  readonly trace?: Uint8Array;
}

/** Called once; exactly one of the two is null. */
export type UnaryDone = (error: RpcError | null, answer: Uint8Array | null) => void;

/** `request` and the answer are messages of the method, without gRPC's framing. */
export type UnaryMethod = (request: Uint8Array, done: UnaryDone, call: CallContext) => void;

/** The transport's side of one call in which either side may send many messages. */
export interface StreamCall {
  readonly context: CallContext;
  /**
   * Sends one message; it is never dropped while the call lasts.
   *
   * @returns false when the client reads more slowly than it is sent to: what comes now is kept in
   *   memory, so wait for `drained`
   */
  send(message: Uint8Array): boolean;
  /** Ends the call, once; null is success. */
  end(error: RpcError | null): void;
}

/** The method's side of such a call. None is called after the method's `StreamCall.end`. */
export interface StreamListener {
  /** One message of the client. */
  message(request: Uint8Array): void;
  /** The client will send no more, and may still read. */
  halfClosed(): void;
  /** The client has read what `send` had to keep. */
  drained(): void;
  /**
   * The client has gone or cancelled, or the service has ended the call: nothing can be sent any
   * more. The last call of all.
   */
  closed(): void;
}

/** Called when a call begins, before its first message. */
export type StreamMethod = (call: StreamCall) => StreamListener;
