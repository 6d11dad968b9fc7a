/**
 * Where to listen or to connect: a name or an IP address (IPv6 without brackets), and a port from 0
 * to 65535.
 */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * What one connection tells its owner, always from the event loop and never from inside a call of
 * the owner's. After the owner's own `close` nothing but `closed` follows.
 */
export interface ConnectionHandlers {
  /** Bytes in order. The chunk belongs to the receiver until it returns: copy what is kept. */
  data(chunk: Uint8Array): void;
  /** The outgoing queue has fallen below the port's mark after `write` returned false. */
  drained(): void;
  /** Called exactly once; nothing follows. `reason` is for the log. */
  closed(reason: string): void;
}

/** A reliable ordered stream of bytes, as TCP gives it: it may end at any moment. */
export interface Connection {
  readonly remote: string;
  /**
   * Queues the chunks, which must not be changed afterwards.
   * @returns false when the outgoing queue is above the port's mark: wait for `drained`
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Bytes queued here and not yet handed to the operating system. */
  readonly queuedBytes: number;
  /** Ends the connection at once; `closed` still follows. */
  close(reason: string): void;
}

/**
 * Accepts until `close`, which ends nothing that was accepted. `address` has the port that was
 * taken.
 */
export interface Listener {
  readonly address: Address;
  close(): void;
}

/**
 * Streams of bytes between processes. Each connection keeps its own order and loses nothing before
 * its end; between two connections, also of the same two processes, there is no order. A network of
 * one's own is held to this contract by `checkNetwork` of `@quorate/transport/conformance`.
 */
export interface Network {
  /** Port 0 chooses a free port; the listener's address says which. */
  listen(
    address: Address,
    accept: (connection: Connection) => ConnectionHandlers,
    done: (error: Error | null, listener: Listener | null) => void,
  ): void;
  /** `done` with null on failure; otherwise `handlers` are live from then on. */
  connect(
    address: Address,
    handlers: ConnectionHandlers,
    done: (error: Error | null, connection: Connection | null) => void,
  ): void;
}
