import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from './free-ports.ts';

/** More than that held back, and the connection ends. */
const mostHeldBytes = 8 * 1024 * 1024;

/** One direction of a connection: bytes in their order, each after the delay. */
class Pipe {
  readonly #to: Socket;
  readonly #link: Link;
  readonly #held: { readonly dueMs: number; readonly chunk: Buffer | null }[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, link: Link) {
    this.#to = to;
    this.#link = link;
    from.on('data', (chunk) => this.#take(chunk));
    from.once('close', () => this.#take(null));
  }

  /** Passes on what is due. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#link.isCut) {
      const [next] = this.#held;
      if (next === undefined) return;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flush(), waitMs);
        return;
      }
      this.#held.shift();
      this.#pass(next.chunk);
    }
  }

  #take(chunk: Buffer | null): void {
    this.#heldBytes += chunk?.length ?? 0;
    if (this.#heldBytes > mostHeldBytes) {
      this.#to.destroy();
      return;
    }
    this.#held.push({ dueMs: performance.now() + this.#link.delayMs, chunk });
    if (this.#held.length === 1) this.flush();
  }

  #pass(chunk: Buffer | null): void {
    if (chunk === null) this.#to.destroy();
    else {
      this.#heldBytes -= chunk.length;
      this.#to.write(chunk);
    }
  }
}

/** The way of one process to the port of another, with all connections that go through it. */
class Link {
  readonly delayMs: number;
  readonly port: number;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pipes = new Set<Pipe>();
  #isCut = false;

  constructor(port: number, target: number, delayMs: number) {
    this.port = port;
    this.delayMs = delayMs;
    this.#target = target;
    this.#server = createServer((socket) => this.#accepted(socket));
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** A link that is cut passes nothing, and tells nobody of it; what it holds comes later. */
  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    for (const pipe of this.#pipes) pipe.flush();
  }

  async open(): Promise<void> {
    await once(this.#server.listen(this.port, '127.0.0.1'), 'listening');
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accepted(accepted: Socket): void {
    const target = connect(this.#target, '127.0.0.1');
    const pipes = [new Pipe(accepted, target, this), new Pipe(target, accepted, this)];
    for (const pipe of pipes) this.#pipes.add(pipe);
    for (const socket of [accepted, target]) {
      this.#sockets.add(socket);
      // Its end is told by `close`.
      socket.setNoDelay(true).on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    }
  }
}

/** A link from each of these to each of those, all in the process of the bench. */
export class Links {
  /** `from` and `to` count from 1. */
  readonly #links = new Map<string, Link>();

  /**
   * @param from how many have links
   * @param targets to these ports; `from` and targets may be the same processes
   * @param delayMs of each direction
   */
  static async open(from: number, targets: readonly number[], delayMs: number): Promise<Links> {
    const links = new Links();
    const ports = await freePorts(from * targets.length);
    for (let at = 0; at < from; at++) {
      for (const [toAt, target] of targets.entries()) {
        const link = new Link(ports.pop() ?? 0, target, delayMs);
        links.#links.set(keyOf(at + 1, toAt + 1), link);
        await link.open();
      }
    }
    return links;
  }

  /** Where `from` reaches each of the targets. */
  routesOf(from: number, targets: number): number[] {
    return Array.from({ length: targets }, (_, at) => this.#of(from, at + 1).port);
  }

  /** Between the two, whoever has begun the connection. */
  setCut(one: number, other: number, isCut: boolean): void {
    this.setCutOneWay(one, other, isCut);
    if (this.#links.has(keyOf(other, one))) this.setCutOneWay(other, one, isCut);
  }

  /** Of the connections that `from` has begun, both directions. */
  setCutOneWay(from: number, to: number, isCut: boolean): void {
    this.#of(from, to).isCut = isCut;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #of(from: number, to: number): Link {
    const link = this.#links.get(keyOf(from, to));
    if (link === undefined) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }
}

function keyOf(from: number, to: number): string {
  return `${from} ${to}`;
}
