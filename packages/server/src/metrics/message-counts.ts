import type { StreamMethod } from '../core/index.ts';

interface Messages {
  received: number;
  sent: number;
}

/** Counts the messages of streams over gRPC, by method. */
export class MessageCounts {
  readonly #byPath = new Map<string, Messages>();

  get byPath(): ReadonlyMap<string, Readonly<Messages>> {
    return this.#byPath;
  }

  /** @returns the method, whose messages are counted */
  of(path: string, method: StreamMethod): StreamMethod {
    const counts: Messages = { received: 0, sent: 0 };
    this.#byPath.set(path, counts);
    return (call) => {
      const listener = method({
        context: call.context,
        send: (message) => {
          counts.sent += 1;
          return call.send(message);
        },
        end: (error) => call.end(error),
      });
      return {
        message: (request) => {
          counts.received += 1;
          listener.message(request);
        },
        halfClosed: () => listener.halfClosed(),
        drained: () => listener.drained(),
        closed: () => listener.closed(),
      };
    };
  }
}
