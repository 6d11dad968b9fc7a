import type { PeerLinkHandlers, PeerLinks } from '@quorate/raft';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';

export interface Passing {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly group: GroupId;
  readonly message: PeerMessage;
}

const latencyMs = 1;

interface Station {
  readonly handlers: PeerLinkHandlers;
  readonly links: PeerLinks;
}

/** Joins the links of several nodes: in order, after a while, unless the test interferes. */
export class Switchboard {
  readonly passed: Passing[] = [];
  /** Whether a message arrives. May act on what it sees. */
  arrives: (passing: Passing) => boolean = () => true;
  /** Whether a link takes a message; false is a full queue. */
  takes: (passing: Passing) => boolean = () => true;
  readonly #delay: (delayMs: number, callback: () => void) => void;
  readonly #stations = new Map<NodeId, Station>();
  readonly #cut = new Set<string>();
  readonly #muted = new Set<string>();
  /** Counts breaks: what was under way when a link broke is lost. */
  readonly #breaks = new Map<string, number>();

  constructor(delay: (delayMs: number, callback: () => void) => void) {
    this.#delay = delay;
  }

  /** @param startError what `start` reports */
  links(node: NodeId, startError: Error | null = null): PeerLinks {
    const links: PeerLinks = {
      start: (handlers, done) => {
        this.#delay(latencyMs, () => {
          if (startError !== null) {
            done(startError);
            return;
          }
          this.#stations.set(node, { handlers, links });
          done(null);
          for (const other of this.#stations.keys()) this.#connect(node, other);
        });
      },
      send: (to, group, message) => {
        const passing = { from: node, to, group, message };
        if (!this.#isOpen(node, to) || !this.takes(passing)) return false;
        this.#pass(passing);
        return true;
      },
      flush: () => undefined,
      setPeer: () => undefined,
      isConnected: (peer) => this.#isOpen(node, peer),
      close: () => {
        if (this.#stations.get(node)?.links === links) this.leave(node);
      },
    };
    return links;
  }

  /** The node's process is gone. */
  leave(node: NodeId): void {
    for (const other of [...this.#stations.keys()]) this.#break(node, other, [other]);
    this.#stations.delete(node);
  }

  /** Breaks the link, both ways, and keeps it down. */
  cut(a: NodeId, b: NodeId): void {
    this.#break(a, b, [a, b]);
    this.#cut.add(`${a}-${b}`).add(`${b}-${a}`);
  }

  heal(): void {
    const cut = [...this.#cut].map((key) => key.split('-').map(Number) as [NodeId, NodeId]);
    this.#cut.clear();
    for (const [a, b] of cut) if (a < b) this.#connect(a, b);
  }

  /** One of the two directions is down, and the other is not. */
  mute(from: NodeId, to: NodeId): void {
    this.#muted.add(`${from}-${to}`);
    this.#stations.get(from)?.handlers.disconnected(to);
  }

  unmute(from: NodeId, to: NodeId): void {
    this.#muted.delete(`${from}-${to}`);
    this.#stations.get(from)?.handlers.connected(to);
  }

  /** Delivers a message that nobody has just sent. */
  inject(passing: Passing): void {
    const { from, to, group, message } = passing;
    this.#stations.get(to)?.handlers.message(from, group, message);
  }

  #pass(passing: Passing): void {
    const { from, to, group, message } = passing;
    this.passed.push(passing);
    const breaks = this.#breaks.get(`${from}-${to}`);
    this.#delay(latencyMs, () => {
      if (this.#breaks.get(`${from}-${to}`) !== breaks || !this.arrives(passing)) return;
      this.#stations.get(to)?.handlers.message(from, group, message);
    });
  }

  #isJoined(a: NodeId, b: NodeId): boolean {
    return a !== b && this.#stations.has(a) && this.#stations.has(b) && !this.#cut.has(`${a}-${b}`);
  }

  #isOpen(from: NodeId, to: NodeId): boolean {
    return this.#isJoined(from, to) && !this.#muted.has(`${from}-${to}`);
  }

  #connect(a: NodeId, b: NodeId): void {
    if (!this.#isJoined(a, b)) return;
    this.#stations.get(a)?.handlers.connected(b);
    this.#stations.get(b)?.handlers.connected(a);
  }

  #break(a: NodeId, b: NodeId, told: readonly NodeId[]): void {
    if (!this.#isJoined(a, b)) return;
    for (const key of [`${a}-${b}`, `${b}-${a}`]) {
      this.#breaks.set(key, (this.#breaks.get(key) ?? 0) + 1);
    }
    for (const id of told) {
      const other = id === a ? b : a;
      this.#delay(0, () => this.#stations.get(id)?.handlers.disconnected(other));
    }
  }
}
