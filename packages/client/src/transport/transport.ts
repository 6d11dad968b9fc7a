/** How a call ended; `code` 0 with the answer, anything else with the server's or gRPC's words. */
export type CallOutcome =
  | { readonly code: 0; readonly answer: Uint8Array }
  | { readonly code: number; readonly reason: string };

/** What goes with a call beside its request. */
export interface CallMetadata {
  /** What `Authenticate` gave; '' for none. */
  readonly token: string;
  /** Rather an error than an answer while the server knows no leader. */
  readonly requireLeader: boolean;
  /** Of the span that the call belongs to, as W3C Trace Context writes it; absent: none. */
  readonly traceparent?: string;
}

/** Told what a stream brings. Nothing is called before `stream` has returned. */
export interface StreamListener {
  /** One message of the server; messages come in the order in which they were sent. */
  message(bytes: Uint8Array): void;
  /** Called once, and last: the stream is over. `code` is gRPC's number. */
  ended(code: number, reason: string): void;
}

/** A call in which both sides send many messages. */
export interface ClientStream {
  /** Sends one message; when the stream is over, nothing. */
  send(message: Uint8Array): void;
  /** Gives the stream up; what its listener is told afterwards is not looked at. */
  cancel(): void;
}

/** A way to one server that was open a moment ago. */
export interface TransportConnection {
  /** Sends a request once, or not at all when the connection is lost meanwhile; never twice. */
  call(
    path: string,
    request: Uint8Array,
    metadata: CallMetadata,
    timeoutMs: number,
  ): Promise<CallOutcome>;
  stream(path: string, metadata: CallMetadata, listener: StreamListener): ClientStream;
}

/** One server: connected to when that is first needed, and again when the connection was lost. */
export interface TransportEndpoint {
  readonly address: string;
  /** Why the last `connect` gave null, if that is known. */
  readonly failure?: string | null;
  /** Fulfilled with null when there is no connection within `timeoutMs`, or it was refused. */
  connect(timeoutMs: number): Promise<TransportConnection | null>;
  close(): void;
}

/** How servers are reached: gRPC unless another one is given. */
export interface ClientTransport {
  /** Connects to nothing yet. `address` is `host:port`, or `https://host:port` for TLS. */
  endpoint(address: string): TransportEndpoint;
}
