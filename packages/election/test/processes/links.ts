import { once } from 'node:events';
import {
  type AddressInfo,
  createConnection,
  createServer,
  type Server,
  type Socket,
} from 'node:net';

/**
 * What a link is like. `held`: connections stay, and what is on its way waits, and arrives late.
 * `cut`: connections end, and no new one is made.
 */
export interface Weather {
  readonly kind: 'open' | 'held' | 'cut';
  /** On top of what the machine takes. */
  readonly delayMs: number;
}

export const fairWeather: Weather = { kind: 'open', delayMs: 0 };
export const cut: Weather = { kind: 'cut', delayMs: 0 };

/** One direction of one connection. */
class Stream {
  readonly #to: Socket;
  readonly #link: Link;
  readonly #waiting: { readonly dueMs: number; readonly chunk: Uint8Array }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, link: Link) {
    this.#to = to;
    this.#link = link;
    from.on('data', (chunk: Uint8Array) => {
      this.#waiting.push({ dueMs: performance.now() + link.weather.delayMs, chunk });
      this.flow();
    });
    from.once('close', () => clearTimeout(this.#timer ?? undefined));
  }

  /** Passes on what is due, in order. */
  flow(): void {
    if (this.#timer !== null || this.#link.weather.kind === 'held') return;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = null;
          this.flow();
        }, waitMs);
        return;
      }
      this.#waiting.shift();
      if (!this.#to.destroyed) this.#to.write(next.chunk);
    }
  }
}

/** What one candidate says to another; the other's own words go by another link. */
class Link {
  weather = fairWeather;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<Stream>();

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    server.on('connection', (socket) => this.#connect(socket, targetPort));
  }

  static async open(targetPort: number): Promise<Link> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Link(server, targetPort);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  become(weather: Weather): void {
    this.weather = weather;
    if (weather.kind === 'cut') this.#end();
    for (const stream of this.#streams) stream.flow();
  }

  async close(): Promise<void> {
    this.#end();
    await once(this.#server.close(), 'close');
  }

  #end(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #connect(near: Socket, targetPort: number): void {
    if (this.weather.kind === 'cut') {
      near.destroy();
      return;
    }
    const far = createConnection({ host: '127.0.0.1', port: targetPort });
    const streams = [new Stream(near, far, this), new Stream(far, near, this)];
    for (const stream of streams) this.#streams.add(stream);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // Either end may be killed at any time; then the other one ends too.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        for (const other of [near, far]) {
          other.destroy();
          this.#sockets.delete(other);
        }
        for (const stream of streams) this.#streams.delete(stream);
      });
    }
  }
}

/** All links between candidates, of which each direction has its own weather. */
export class Links implements AsyncDisposable {
  readonly #links: ReadonlyMap<string, Link>;
  readonly #ids: readonly number[];

  private constructor(ids: readonly number[], links: ReadonlyMap<string, Link>) {
    this.#ids = ids;
    this.#links = links;
  }

  /** @param ports of the candidates, in the order of their ids from 1 */
  static async open(ports: readonly number[]): Promise<Links> {
    const ids = ports.map((_, at) => at + 1);
    const links = new Map<string, Link>();
    for (const from of ids) {
      for (const to of ids) {
        if (from !== to) links.set(`${from} ${to}`, await Link.open(ports[to - 1] ?? 0));
      }
    }
    return new Links(ids, links);
  }

  /** The ports by which this one reaches each of them, in the order of their ids; 0: itself. */
  routesOf(from: number): readonly number[] {
    return this.#ids.map((to) => this.#links.get(`${from} ${to}`)?.port ?? 0);
  }

  /** One way: the answers go by another link. */
  set(from: number, to: number, weather: Weather): void {
    this.#links.get(`${from} ${to}`)?.become(weather);
  }

  /** Between one and all others, both ways. */
  around(id: number, weather: Weather): void {
    for (const other of this.#ids) {
      this.set(id, other, weather);
      this.set(other, id, weather);
    }
  }

  heal(): void {
    for (const link of this.#links.values()) link.become(fairWeather);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) await link.close();
  }
}
