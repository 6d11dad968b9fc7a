import type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Network,
  Prng,
} from '@quorate/base';
import { type EndpointWorld, VirtualEndpoint } from './virtual-endpoint.ts';
import { VirtualPipe } from './virtual-pipe.ts';

/** What one direction between two nodes is like. Milliseconds; a byte is under way as long. */
export interface LinkConditions {
  readonly minLatencyMs: number;
  readonly maxLatencyMs: number;
  /** Now and then something takes longer, by up to `spikeMs`. */
  readonly spikeProbability: number;
  readonly spikeMs: number;
  /** Infinity for a link that is never full. */
  readonly bytesPerMs: number;
  /** That a write breaks the connection; of the bytes under way a prefix arrives. */
  readonly breakProbability: number;
}

export interface VirtualNetworkOptions {
  /** Calls back once, after `delayMs` of virtual time and never from inside the call. */
  readonly schedule: (delayMs: number, callback: () => void) => void;
  readonly prng: Prng;
  readonly conditions?: Partial<LinkConditions>;
  readonly socketBufferBytes?: number;
  readonly highWaterBytes?: number;
}

export interface PartitionOptions {
  /** Only what goes from the first node to the second is held up. */
  readonly oneWay?: boolean;
  /** `stall`: connections stay and are silent, until healed. `break`: they end, at both sides. */
  readonly mode?: 'stall' | 'break';
}

const defaultConditions: LinkConditions = {
  minLatencyMs: 0.2,
  maxLatencyMs: 2,
  spikeProbability: 0.01,
  spikeMs: 20,
  bytesPerMs: Number.POSITIVE_INFINITY,
  breakProbability: 0,
};

/** A kernel tries so long to connect before it gives up. */
const connectPatienceMs = 20_000;
const connectRetryMs = 1000;

interface Life {
  readonly node: number;
  readonly isAlive: () => boolean;
}

/** Kept until both sides have seen the end: what one side still has to hear may be held up. */
interface VirtualConnection {
  readonly client: VirtualEndpoint;
  readonly server: VirtualEndpoint;
}

interface VirtualListener {
  readonly node: number;
  readonly accept: (connection: Connection) => ConnectionHandlers;
}

/**
 * Gives every node a network port, all joined by streams that are as reliable as TCP's and no more:
 * latency, partitions, resets that lose what is under way, silence. Everything follows from the
 * scheduler and the seed. Nodes are numbers; host names are whatever the addresses say.
 */
export class VirtualNetwork {
  readonly #schedule: (delayMs: number, callback: () => void) => void;
  readonly #prng: Prng;
  readonly #world: EndpointWorld;
  readonly #listeners = new Map<string, VirtualListener>();
  /** Who was last at an address: a machine without power does not even refuse. */
  readonly #owners = new Map<string, number>();
  readonly #connections = new Set<VirtualConnection>();
  /** Ways from one node to another, as `wayKey` numbers them. */
  readonly #blocked = new Set<number>();
  readonly #withoutPower = new Set<number>();
  /** What the processes that are paused will be told when they go on. */
  readonly #paused = new Map<number, (() => void)[]>();
  /** Counts the lives of each node: callbacks into an earlier one are dropped. */
  readonly #lives = new Map<number, number>();
  readonly #links = new Map<number, LinkConditions>();
  #conditions: LinkConditions;
  #nextPort = 40_000;

  constructor(options: VirtualNetworkOptions) {
    this.#schedule = options.schedule;
    this.#prng = options.prng;
    this.#conditions = { ...defaultConditions, ...options.conditions };
    this.#world = {
      prng: options.prng,
      schedule: options.schedule,
      latencyMs: (from, to, bytesAhead) => this.#latencyMs(from, to, bytesAhead),
      isBlocked: (from, to) => this.#isBlocked(from, to),
      isPaused: (node) => this.#paused.has(node),
      call: (node, callback) => this.#call(node, callback),
      socketBufferBytes: options.socketBufferBytes ?? 256 * 1024,
      highWaterBytes: options.highWaterBytes ?? 64 * 1024,
      breaksAtWrite: (from, to) => this.#prng.chance(this.#conditionsOf(from, to).breakProbability),
      finished: () => this.#forgetFinished(),
    };
  }

  /** A port for the present life of a node: after `crash`, asking for a new one starts it again. */
  port(node: number): Network {
    const life = this.#lives.get(node) ?? 0;
    if (this.#withoutPower.delete(node)) this.#resume();
    const isAlive = (): boolean => (this.#lives.get(node) ?? 0) === life;
    return {
      listen: (address, accept, done) => {
        if (isAlive()) this.#listen({ node, isAlive }, address, accept, done);
      },
      connect: (address, handlers, done) => {
        if (isAlive()) this.#connect({ node, isAlive }, address, handlers, done, 0);
      },
    };
  }

  /**
   * Ends a node's process: its handlers are never called again, its connections and listeners are
   * gone. With `machine` its peers are not told; they find out when they write to it once it is
   * back.
   */
  crash(node: number, cause: 'process' | 'machine' = 'process'): void {
    this.#lives.set(node, (this.#lives.get(node) ?? 0) + 1);
    this.#paused.delete(node);
    for (const [key, listener] of this.#listeners) {
      if (listener.node === node) this.#listeners.delete(key);
    }
    for (const endpoint of this.#endpoints()) if (endpoint.node === node) endpoint.vanish(cause);
    if (cause === 'machine') this.#withoutPower.add(node);
  }

  /** The process stands still, as under SIGSTOP: its connections live, and it is told nothing. */
  pause(node: number): void {
    if (!this.#paused.has(node)) this.#paused.set(node, []);
  }

  /** The process goes on and is told, late, what has happened. */
  unpause(node: number): void {
    const waiting = this.#paused.get(node) ?? [];
    if (!this.#paused.delete(node)) return;
    for (const callback of waiting) this.#schedule(0, () => this.#call(node, callback));
    this.#resume();
  }

  partition(a: number, b: number, options: PartitionOptions = {}): void {
    if (options.mode === 'break') this.#break(a, b, 'connection timed out', true);
    this.#blocked.add(wayKey(a, b));
    if (options.oneWay !== true) this.#blocked.add(wayKey(b, a));
  }

  /** Ends the partition between two nodes, or all partitions. What was held up goes on. */
  heal(a?: number, b?: number): void {
    if (a === undefined || b === undefined) {
      this.#blocked.clear();
    } else {
      this.#blocked.delete(wayKey(a, b));
      this.#blocked.delete(wayKey(b, a));
    }
    this.#resume();
  }

  /** Resets all connections between two nodes. */
  breakConnection(a: number, b: number): void {
    this.#break(a, b, 'connection reset', false);
  }

  /** Changes what the way from one node to another is like; for all of them without nodes. */
  setConditions(conditions: Partial<LinkConditions>, from?: number, to?: number): void {
    if (from === undefined || to === undefined) {
      this.#links.clear();
      this.#conditions = { ...this.#conditions, ...conditions };
    } else {
      this.#links.set(wayKey(from, to), { ...this.#conditionsOf(from, to), ...conditions });
    }
  }

  /** Connections of a node that it has not seen the end of. */
  connectionCount(node: number): number {
    let count = 0;
    for (const endpoint of this.#endpoints()) {
      if (endpoint.node === node && !endpoint.isFinished) count += 1;
    }
    return count;
  }

  #listen(
    life: Life,
    address: Address,
    accept: VirtualListener['accept'],
    done: (error: Error | null, listener: Listener | null) => void,
  ): void {
    const bound = {
      host: address.host,
      port: address.port === 0 ? this.#nextPort++ : address.port,
    };
    const key = keyOf(bound);
    const isTaken = this.#listeners.has(key);
    const listener: VirtualListener = { node: life.node, accept };
    if (!isTaken) {
      this.#listeners.set(key, listener);
      this.#owners.set(key, life.node);
    }
    this.#tell(life, 0, () => {
      if (isTaken) done(systemError('EADDRINUSE', `listen ${key}`), null);
      else done(null, { address: bound, close: () => this.#unlisten(key, listener) });
    });
  }

  #tell(life: Life, delayMs: number, callback: () => void): void {
    this.#schedule(delayMs, () => {
      if (life.isAlive()) this.#call(life.node, callback);
    });
  }

  #call(node: number, callback: () => void): void {
    const waiting = this.#paused.get(node);
    if (waiting === undefined) callback();
    else waiting.push(callback);
  }

  #unlisten(key: string, listener: VirtualListener): void {
    if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
  }

  #connect(
    life: Life,
    address: Address,
    handlers: ConnectionHandlers,
    done: (error: Error | null, connection: Connection | null) => void,
    waitedMs: number,
  ): void {
    const key = keyOf(address);
    const target = this.#listeners.get(key)?.node ?? this.#owners.get(key) ?? life.node;
    this.#schedule(this.#latencyMs(life.node, target, 0), () => {
      if (!life.isAlive()) return;
      const isCut = this.#isBlocked(life.node, target) || this.#isBlocked(target, life.node);
      const isSilent = isCut || this.#paused.has(target);
      const listener = this.#listeners.get(key);
      if (isSilent && waitedMs >= connectPatienceMs) {
        this.#tell(life, 0, () => done(systemError('ETIMEDOUT', `connect ${key}`), null));
      } else if (isSilent) {
        const again = waitedMs + connectRetryMs;
        this.#schedule(connectRetryMs, () => {
          if (life.isAlive()) this.#connect(life, address, handlers, done, again);
        });
      } else if (listener === undefined) {
        const backMs = this.#latencyMs(target, life.node, 0);
        this.#tell(life, backMs, () => done(systemError('ECONNREFUSED', `connect ${key}`), null));
      } else {
        this.#join(life.node, key, listener, handlers, done);
      }
    });
  }

  #join(
    node: number,
    key: string,
    listener: VirtualListener,
    handlers: ConnectionHandlers,
    done: (error: Error | null, connection: Connection | null) => void,
  ): void {
    const from = `${node}:${this.#nextPort++}`;
    const client = new VirtualEndpoint(this.#world, node, listener.node, key);
    const server = new VirtualEndpoint(this.#world, listener.node, node, from);
    const there = new VirtualPipe(this.#world, client, server);
    const back = new VirtualPipe(this.#world, server, client);
    client.attach(there, back);
    server.attach(back, there);
    client.handleBy(handlers);
    client.awaitOpening((error) => done(error, error === null ? client : null));
    this.#connections.add({ client, server });
    back.open();
    server.handleBy(listener.accept(server));
  }

  #break(a: number, b: number, reason: string, isForced: boolean): void {
    for (const { client, server } of [...this.#connections]) {
      const isForth = client.node === a && server.node === b;
      const isBack = client.node === b && server.node === a;
      if (isForth || isBack) client.break(reason, isForced);
    }
  }

  #resume(): void {
    for (const endpoint of this.#endpoints()) endpoint.resume();
  }

  #endpoints(): VirtualEndpoint[] {
    return [...this.#connections].flatMap(({ client, server }) => [client, server]);
  }

  #forgetFinished(): void {
    for (const connection of this.#connections) {
      const { client, server } = connection;
      if (client.isFinished && server.isFinished) this.#connections.delete(connection);
    }
  }

  #isBlocked(from: number, to: number): boolean {
    if (this.#blocked.size > 0 && this.#blocked.has(wayKey(from, to))) return true;
    return this.#withoutPower.size > 0 && this.#withoutPower.has(to);
  }

  #conditionsOf(from: number, to: number): LinkConditions {
    if (this.#links.size === 0) return this.#conditions;
    return this.#links.get(wayKey(from, to)) ?? this.#conditions;
  }

  #latencyMs(from: number, to: number, bytesAhead: number): number {
    const link = this.#conditionsOf(from, to);
    const spreadMs = link.maxLatencyMs - link.minLatencyMs;
    const spikeMs = this.#prng.chance(link.spikeProbability)
      ? link.spikeMs * this.#prng.float()
      : 0;
    return (
      link.minLatencyMs + spreadMs * this.#prng.float() + spikeMs + bytesAhead / link.bytesPerMs
    );
  }
}

/** A string would be built for each byte that moves. Node numbers are below 2^20. */
function wayKey(from: number, to: number): number {
  return from * 2 ** 20 + to;
}

function keyOf(address: Address): string {
  return `${address.host}:${address.port}`;
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${what} ${code}`), { code });
}
