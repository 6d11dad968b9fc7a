import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A packet of JSON on a line; an answer goes back on the connection that the packet came by. */
interface Line {
  readonly from: number;
  readonly number: number;
  readonly isAnswer: boolean;
  readonly packet: unknown;
}

type Answered = (error: Error | null, answer: unknown) => void;
type Received = (from: number, packet: unknown, answer: (packet: unknown) => void) => void;

/**
 * A transport for libraries that bring none: a connection from each process to each other, begun
 * anew by the next packet after it has ended.
 */
export class JsonLinks {
  readonly #id: number;
  readonly #routes: readonly number[];
  readonly #received: Received;
  readonly #sockets = new Map<number, Socket>();
  readonly #waiting = new Map<number, Answered>();
  #sent = 0;

  private constructor(id: number, routes: readonly number[], received: Received) {
    this.#id = id;
    this.#routes = routes;
    this.#received = received;
  }

  static async open(
    id: number,
    port: number,
    routes: readonly number[],
    received: Received,
  ): Promise<JsonLinks> {
    const links = new JsonLinks(id, routes, received);
    const server = createServer((socket) => links.#accepted(socket));
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return links;
  }

  /** @param answered left out: no answer is expected */
  send(to: number, packet: unknown, answered?: Answered): void {
    const number = this.#sent++;
    if (answered !== undefined) this.#waiting.set(number, answered);
    this.#write(this.#socketTo(to), { from: this.#id, number, isAnswer: false, packet });
  }

  #accepted(socket: Socket): void {
    onLine(socket, ({ from, number, packet }) => {
      this.#received(from, packet, (answer) => {
        this.#write(socket, { from: this.#id, number, isAnswer: true, packet: answer });
      });
    });
  }

  #socketTo(to: number): Socket {
    const present = this.#sockets.get(to);
    if (present !== undefined && !present.destroyed) return present;
    const socket = connect(this.#routes[to - 1] ?? 0, '127.0.0.1');
    this.#sockets.set(to, socket);
    onLine(socket, ({ number, packet, isAnswer }) => {
      if (!isAnswer) return;
      const answered = this.#waiting.get(number);
      this.#waiting.delete(number);
      answered?.(null, packet);
    });
    return socket;
  }

  #write(socket: Socket, line: Line): void {
    if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`);
  }
}

/** The end of a connection is no error here: the next packet begins another. */
function onLine(socket: Socket, listener: (line: Line) => void): void {
  socket.setNoDelay(true).on('error', () => undefined);
  createInterface({ input: socket })
    .on('error', () => undefined)
    .on('line', (text) => listener(JSON.parse(text) as Line));
}
