import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to bytes on their way, in one direction. */
export interface Condition {
  /** Nothing gets through; what was sent waits, as TCP would send it again. */
  readonly isCut: boolean;
  readonly delayMs: number;
  /** Infinity: as fast as it goes. */
  readonly bytesPerSecond: number;
}

export const clear: Condition = { isCut: false, delayMs: 0, bytesPerSecond: Infinity };

/** Beyond this a sender is held back: a slow link has no endless buffer. */
const maxWaitingBytes = 256 * 1024;

/** How long something that cannot be sent yet waits before it is looked at again. */
const retryMs = 10;

interface Waiting {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** One direction of a connection. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #condition: () => Condition;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isEnded = false;
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, condition: () => Condition) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    from.on('end', () => {
      this.#isEnded = true;
      this.move();
    });
    to.on('drain', () => this.move());
  }

  take(bytes: Buffer): void {
    this.#waiting.push({ bytes, dueMs: performance.now() + this.#condition().delayMs });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes) this.#from.pause();
    this.move();
  }

  /** Sends what may go, and comes back for the rest. */
  move(): void {
    const to = this.#to;
    if (to.destroyed) return;
    for (;;) {
      const first = this.#waiting[0];
      const { isCut, bytesPerSecond } = this.#condition();
      const now = performance.now();
      if (first === undefined) break;
      // What a narrow link still owed is forgotten with it.
      if (!Number.isFinite(bytesPerSecond)) this.#freeAtMs = 0;
      if (isCut || first.dueMs > now || this.#freeAtMs > now) {
        this.#timer ??= setTimeout(() => {
          this.#timer = null;
          this.move();
        }, retryMs);
        return;
      }
      if (to.writableNeedDrain) return;
      this.#waiting.shift();
      this.#waitingBytes -= first.bytes.length;
      this.#freeAtMs =
        Math.max(this.#freeAtMs, now - 100) + (first.bytes.length / bytesPerSecond) * 1000;
      to.write(first.bytes);
    }
    if (this.#from.isPaused()) this.#from.resume();
    if (this.#isEnded) to.end();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting = [];
  }
}

/** The conditions that a connection goes under; asked again for everything that moves. */
export interface Route {
  forward(): Condition;
  backward(): Condition;
}

export interface RelayOptions {
  readonly targetPort: number;
  /** @param first the bytes that the connection begins with, at least `firstBytes` of them */
  route(first: Buffer): Route;
  /** How many bytes a connection must have sent before it is known where it belongs. */
  readonly firstBytes: number;
}

/** Passes connections on to a port of this machine, under conditions that change. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  static async open(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Ends all connections, as a middlebox does that has lost its memory. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(near: Socket): void {
    this.#keep(near);
    let first = Buffer.alloc(0);
    const gather = (bytes: Buffer): void => {
      first = Buffer.concat([first, bytes]);
      if (first.length < this.#options.firstBytes) return;
      near.off('data', gather);
      this.#pass(near, first);
    };
    if (this.#options.firstBytes === 0) this.#pass(near, first);
    else near.on('data', gather);
  }

  #pass(near: Socket, first: Buffer): void {
    const route = this.#options.route(first);
    const far = connect({
      host: '127.0.0.1',
      port: this.#options.targetPort,
      allowHalfOpen: true,
      noDelay: true,
    });
    near.setNoDelay(true);
    this.#keep(far);
    const forward = new Flow(near, far, () => route.forward());
    const backward = new Flow(far, near, () => route.backward());
    near.on('data', (bytes) => forward.take(bytes));
    far.on('data', (bytes) => backward.take(bytes));
    if (first.length > 0) forward.take(first);
    const end = (): void => {
      forward.stop();
      backward.stop();
      near.destroy();
      far.destroy();
    };
    near.on('close', end);
    far.on('close', end);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
