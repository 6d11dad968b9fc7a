import type { Connection, ConnectionHandlers } from '@quorate/base';

/** Turns of the event loop until something holds; the test runner's own limit ends it otherwise. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((fulfil) => setImmediate(fulfil));
}

/** A connection, what it has brought, and how it ended. */
export class Probe {
  readonly connection: Connection;
  readonly #log: { text: string; closed: string | null };

  constructor(connection: Connection, log = { text: '', closed: null as string | null }) {
    this.connection = connection;
    this.#log = log;
  }

  /** For a side that gives its handlers before it has the connection. */
  static handlersOf(): ConnectionHandlers & { of(connection: Connection): Probe } {
    const log = { text: '', closed: null as string | null };
    return {
      data: (chunk) => {
        log.text += String(Buffer.from(chunk));
      },
      drained: () => undefined,
      closed: (reason) => {
        log.closed = reason;
      },
      of: (connection) => new Probe(connection, log),
    };
  }

  get handlers(): ConnectionHandlers {
    return {
      data: (chunk) => {
        this.#log.text += String(Buffer.from(chunk));
      },
      drained: () => undefined,
      closed: (reason) => {
        this.#log.closed = reason;
      },
    };
  }

  get text(): string {
    return this.#log.text;
  }

  get closed(): string | null {
    return this.#log.closed;
  }
}
