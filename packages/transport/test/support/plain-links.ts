import type { PeerLinkHandlers, PeerLinks } from '@quorate/raft';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import type { PeerLinksHarness } from '@quorate/transport/conformance';

export interface PlainMessage {
  readonly to: NodeId;
  readonly group: GroupId;
  readonly message: PeerMessage;
}

/**
 * The plainest right links: a room in which whoever is up hears whoever is up, a moment later. What
 * wrong ones do otherwise is a method that they replace.
 */
export class PlainRoom implements PeerLinksHarness {
  readonly scheduler = new Scheduler();
  readonly nodes = new Map<NodeId, PlainLinks>();
  readonly patienceMs = 1_000;

  readonly pause = async (milliseconds: number): Promise<void> => {
    const untilMs = this.scheduler.nowMs + milliseconds;
    while (this.scheduler.step(untilMs));
  };

  links(node: NodeId, incarnation: number): PeerLinks {
    return new PlainLinks(this, node, incarnation);
  }

  addressOf(node: NodeId): string {
    return `room:${node}`;
  }

  later(delayMs: number, callback: () => void): void {
    this.scheduler.schedule(delayMs, callback);
  }

  maxQueued = 60;

  /** One flush of one node; each message with a receiver that is up. */
  carry(from: PlainLinks, messages: readonly PlainMessage[]): void {
    for (const one of messages) this.later(1, () => this.deliver(from, one));
  }

  deliver(from: PlainLinks, { to, group, message }: PlainMessage): void {
    const receiver = this.nodes.get(to);
    if (receiver?.hears(from) === true) receiver.handlers?.message(from.id, group, message);
  }

  introduce(to: PlainLinks, peer: PlainLinks): void {
    to.handlers?.greeted(peer.id, peer.incarnation);
    to.handlers?.connected(peer.id);
  }

  isMuteAfterClose(links: PlainLinks): boolean {
    return links.isClosed;
  }
}

export class PlainLinks implements PeerLinks {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly peers = new Set([1, 2, 3]);
  handlers: PeerLinkHandlers | null = null;
  isClosed = false;
  #gathered: PlainMessage[] = [];
  readonly room: PlainRoom;
  readonly #met = new Map<NodeId, PlainLinks>();

  constructor(room: PlainRoom, id: NodeId, incarnation: number) {
    this.room = room;
    this.id = id;
    this.incarnation = incarnation;
  }

  start(handlers: PeerLinkHandlers, done: (error: Error | null) => void): void {
    this.handlers = handlers;
    this.room.later(0, () => {
      this.room.nodes.set(this.id, this);
      done(null);
      for (const other of this.room.nodes.values()) {
        this.meet(other);
        other.meet(this);
      }
    });
  }

  meet(other: PlainLinks): void {
    if (other === this || this.#met.has(other.id) || !this.peers.has(other.id)) return;
    if (!other.peers.has(this.id) || other.isClosed || this.isClosed) return;
    this.#met.set(other.id, other);
    this.room.later(1, () => {
      if (this.#met.get(other.id) === other) this.room.introduce(this, other);
    });
  }

  forget(other: PlainLinks): void {
    if (this.#met.get(other.id) !== other || !this.#met.delete(other.id)) return;
    if (!this.room.isMuteAfterClose(this)) this.handlers?.disconnected(other.id);
  }

  hears(from: PlainLinks): boolean {
    const isOpen = !this.room.isMuteAfterClose(this) && !this.room.isMuteAfterClose(from);
    return isOpen && this.#met.get(from.id) === from;
  }

  send(to: NodeId, group: GroupId, message: PeerMessage): boolean {
    const other = this.#met.get(to);
    if (other === undefined || this.isClosed) return false;
    if (this.#gathered.length >= this.room.maxQueued) return false;
    this.#gathered.push({ to, group, message });
    return true;
  }

  flush(): void {
    const messages = this.#gathered;
    this.#gathered = [];
    if (messages.length > 0) this.room.carry(this, messages);
  }

  isConnected(peer: NodeId): boolean {
    return !this.isClosed && this.#met.has(peer);
  }

  setPeer(peer: NodeId, address: string | null): void {
    const other = this.room.nodes.get(peer);
    if (address === null) {
      this.peers.delete(peer);
      const met = this.#met.get(peer);
      if (met === undefined) return;
      this.forget(met);
      met.forget(this);
    } else {
      this.peers.add(peer);
      if (other === undefined) return;
      this.meet(other);
      other.meet(this);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const isLast = this.room.nodes.get(this.id) === this;
    if (isLast && this.room.isMuteAfterClose(this)) this.room.nodes.delete(this.id);
    for (const other of [...this.#met.values()]) {
      this.room.later(1, () => other.forget(this));
    }
  }
}
