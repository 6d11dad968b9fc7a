export interface Address {
  readonly host: string;
  readonly port: number;
}

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

export interface Listener {
  readonly address: Address;
  close(): void;
}

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
