import type { Address, Connection, ConnectionHandlers, Listener, Network } from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { ConnectionEnd, type Road } from './connection-end.ts';

/** As the system's own patience, only that nobody who tests wants to wait for minutes. */
const connectTimeoutMs = 5_000;

type Accept = (connection: Connection) => ConnectionHandlers;
type Connected = (error: Error | null, connection: Connection | null) => void;

interface Waiting {
  readonly from: number;
  readonly to: number;
  readonly go: () => void;
  readonly fail: (why: string) => void;
  readonly timer: NodeJS.Timeout;
}

/** What nodes of one cluster talk through among themselves: no sockets, and roads that can fail. */
export class PeerNetwork {
  readonly #listeners = new Map<string, { readonly node: number; readonly accept: Accept }>();
  readonly #ends = new Set<ConnectionEnd>();
  readonly #cut = new Set<string>();
  readonly #paused = new Set<number>();
  readonly #down = new Set<number>();
  readonly #waiting = new Set<Waiting>();
  #delayMs = 0;

  /** The network as the node of this number sees it. */
  of(node: number): Network {
    return {
      listen: (address, accept, done) => this.#listen(node, address, accept, done),
      connect: (address, handlers, done) => this.#connect(node, address, handlers, done),
    };
  }

  /** Breaks what leads from one to the other, and keeps it broken. */
  cut(one: number, other: number): void {
    this.#cut.add(roadName(one, other));
    for (const end of this.#ends) {
      if (roadName(end.road.from, end.road.to) === roadName(one, other)) {
        end.break('the network is cut here');
      }
    }
  }

  /** The node is dead to all others from now on, until it is `up`. */
  down(node: number): void {
    this.#down.add(node);
    for (const end of this.#ends) {
      if (end.road.from === node || end.road.to === node) end.break('the node is down');
    }
  }

  up(node: number): void {
    this.#down.delete(node);
  }

  /** What is sent to or by this node waits. */
  pause(node: number): void {
    this.#paused.add(node);
  }

  resume(node: number): void {
    this.#paused.delete(node);
    this.#changed();
  }

  /** How long everything takes from one node to another. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  heal(): void {
    this.#cut.clear();
    this.#paused.clear();
    this.#delayMs = 0;
    this.#changed();
  }

  close(): void {
    for (const { timer, fail } of this.#waiting) {
      clearTimeout(timer);
      fail('the cluster is closed');
    }
    this.#waiting.clear();
    for (const end of this.#ends) end.break('the cluster is closed');
    this.#listeners.clear();
  }

  #changed(): void {
    for (const end of this.#ends) end.roadChanged();
    for (const waiting of [...this.#waiting]) {
      if (this.#isPaused(waiting.from, waiting.to)) continue;
      this.#waiting.delete(waiting);
      clearTimeout(waiting.timer);
      waiting.go();
    }
  }

  #isPaused(from: number, to: number): boolean {
    return this.#paused.has(from) || this.#paused.has(to);
  }

  #listen(
    node: number,
    address: Address,
    accept: Accept,
    done: (error: Error | null, listener: Listener | null) => void,
  ): void {
    const name = formatAddress(address);
    setImmediate(() => {
      if (this.#listeners.has(name)) {
        done(new Error(`cannot listen on ${name}: another node does`), null);
        return;
      }
      const listening = { node, accept };
      this.#listeners.set(name, listening);
      const close = (): void => {
        if (this.#listeners.get(name) === listening) this.#listeners.delete(name);
      };
      done(null, { address, close });
    });
  }

  #connect(node: number, address: Address, handlers: ConnectionHandlers, done: Connected): void {
    const name = formatAddress(address);
    setImmediate(() => this.#tryToConnect(node, name, handlers, done));
  }

  #tryToConnect(from: number, name: string, handlers: ConnectionHandlers, done: Connected): void {
    const listener = this.#listeners.get(name);
    if (listener === undefined || this.#down.has(from) || this.#down.has(listener.node)) {
      done(new Error(`connecting to ${name} failed: connection refused`), null);
      return;
    }
    const { node: to, accept } = listener;
    if (this.#cut.has(roadName(from, to))) {
      done(new Error(`connecting to ${name} failed: the network is cut here`), null);
      return;
    }
    if (this.#isPaused(from, to)) {
      const fail = (why: string): void => {
        done(new Error(`connecting to ${name} failed: ${why}`), null);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        fail('timed out');
      }, connectTimeoutMs);
      const go = (): void => this.#tryToConnect(from, name, handlers, done);
      const waiting: Waiting = { from, to, timer, go, fail };
      this.#waiting.add(waiting);
      return;
    }
    const there = this.#end(from, to, name);
    const back = this.#end(to, from, `node ${from}`);
    ConnectionEnd.join(there, back);
    back.attach(accept(back));
    there.attach(handlers);
    done(null, there);
  }

  #end(from: number, to: number, remote: string): ConnectionEnd {
    const isPaused = (): boolean => this.#isPaused(from, to);
    const delayMs = (): number => this.#delayMs;
    const road: Road = {
      from,
      to,
      get isPaused() {
        return isPaused();
      },
      get delayMs() {
        return delayMs();
      },
    };
    const end: ConnectionEnd = new ConnectionEnd(road, remote, () => this.#ends.delete(end));
    this.#ends.add(end);
    return end;
  }
}

function roadName(one: number, other: number): string {
  return one < other ? `${one}-${other}` : `${other}-${one}`;
}
