import type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Network,
  Timers,
} from '@quorate/base';
import { FrameReader, frameOf } from './question-frame.ts';

type Accept = (connection: Connection) => ConnectionHandlers;

export interface SharedPortOptions {
  readonly network: Network;
  readonly timers: Timers;
  /** Answers a question; null: it is none. */
  readonly answer: (question: Uint8Array) => Uint8Array | null;
}

/** From a connection to its first words, and from a question to the end of the answer. */
const patienceMs = 5_000;
/** Connections that have not said what they are; far above any cluster's size. */
const mostUndecided = 128;

/**
 * One port for two: questions of nodes that look for each other are answered here, from the start
 * to the end of the process, and all else is the host's as soon as there is one. So the port is
 * taken once, and whoever asks is answered at any time.
 */
export class SharedPort {
  readonly #options: SharedPortOptions;
  readonly #undecided = new Set<Connection>();
  #listener: Listener | null = null;
  #accept: Accept | null = null;

  constructor(options: SharedPortOptions) {
    this.#options = options;
  }

  /** For the host: its own port is this one already, wherever it wants to listen. */
  readonly network: Network = {
    listen: (address, accept, done) => {
      this.#accept = accept;
      const close = (): void => {
        this.#accept = null;
      };
      this.#options.timers.defer(() => done(null, { address, close }));
    },
    connect: (address, handlers, done) => this.#options.network.connect(address, handlers, done),
  };

  /** @throws NodeError NODE_LISTEN_FAILED */
  open(address: Address): Promise<void> {
    return new Promise((fulfil, reject) => {
      const accept = (connection: Connection): ConnectionHandlers => this.#met(connection);
      this.#options.network.listen(address, accept, (error, listener) => {
        this.#listener = listener;
        if (listener === null) reject(error);
        else fulfil();
      });
    });
  }

  close(): void {
    this.#listener?.close();
    for (const connection of this.#undecided) connection.close('this node is closing');
  }

  /**
   * @returns the answer's body, or why there is none
   */
  ask(address: Address, question: Uint8Array, timeoutMs: number): Promise<Uint8Array | Error> {
    const { network, timers } = this.#options;
    return new Promise((fulfil) => {
      let open: Connection | null = null;
      let isOver = false;
      const reader = new FrameReader();
      const end = (outcome: Uint8Array | Error): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        open?.close('answered');
        fulfil(outcome);
      };
      const timer = timers.after(timeoutMs, () => end(new Error(`no answer in ${timeoutMs} ms`)));
      const handlers: ConnectionHandlers = {
        data: (chunk) => {
          reader.push(chunk);
          const { body } = reader;
          if (!reader.isFrame || body === null) end(new Error('it does not speak of raftify.json'));
          else if (body !== undefined) end(body);
        },
        drained: () => undefined,
        closed: (reason) => end(new Error(reason)),
      };
      network.connect(address, handlers, (error, connection) => {
        if (connection === null) {
          end(error ?? new Error('no connection'));
        } else if (isOver) {
          connection.close('too late');
        } else {
          open = connection;
          connection.write([frameOf(question)]);
        }
      });
    });
  }

  #met(connection: Connection): ConnectionHandlers {
    if (this.#undecided.size >= mostUndecided) {
      connection.close('too many connections say nothing');
      return { data: () => undefined, drained: () => undefined, closed: () => undefined };
    }
    this.#undecided.add(connection);
    const late = (): void => connection.close('nothing was said in time');
    const timer = this.#options.timers.after(patienceMs, late);
    const reader = new FrameReader();
    let host: ConnectionHandlers | null = null;
    return {
      data: (chunk) => {
        if (host !== null) {
          host.data(chunk);
          return;
        }
        reader.push(chunk);
        if (reader.isFrame) {
          this.#question(connection, reader);
          return;
        }
        timer.cancel();
        this.#undecided.delete(connection);
        host = this.#accept?.(connection) ?? null;
        if (host === null) connection.close('this node is of no group yet');
        else host.data(reader.bytes);
      },
      drained: () => host?.drained(),
      closed: (reason) => {
        timer.cancel();
        this.#undecided.delete(connection);
        host?.closed(reason);
      },
    };
  }

  /** Whoever asked closes; the timer does if it does not. */
  #question(connection: Connection, reader: FrameReader): void {
    const { body } = reader;
    if (body === undefined) return;
    const answer = body === null ? null : this.#options.answer(body);
    if (answer === null) connection.close('this is no question that is known here');
    else connection.write([frameOf(answer)]);
  }
}
