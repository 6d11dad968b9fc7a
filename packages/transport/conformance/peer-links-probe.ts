import { ByteWriter, equalBytes } from '@quorate/base';
import { type ContractRule, demand, type Pace, waitFor } from '@quorate/base/conformance';
import type { PeerLinks } from '@quorate/raft';
import { encodePeerMessage, type GroupId, type NodeId, type PeerMessage } from '@quorate/schema';
import { peerLinksRules as rules } from './peer-links-rules.ts';

/** A room for three nodes, 1 to 3, that know each other from the beginning. */
export interface PeerLinksHarness extends Pace {
  /**
   * New links for a node, not started. Asked for once for each life of a node: again only after
   * the links before were closed, then with another incarnation.
   */
  links(node: NodeId, incarnation: number): PeerLinks;
  /** Where a node is reached, in the form that `setPeer` takes. */
  addressOf(node: NodeId): string;
  /** Called when a case is over; its links are closed by then. */
  dispose?(): void | Promise<void>;
}

interface Received {
  readonly from: NodeId;
  readonly group: GroupId;
  readonly message: PeerMessage;
  /** As it was at that moment. */
  readonly bytes: Uint8Array;
}

/** One life of one node: keeps what it is told, and what it should not have been told. */
export class LinkProbe {
  readonly id: NodeId;
  readonly links: PeerLinks;
  readonly received: Received[] = [];
  /** `+2` when the link to 2 came up, `-2` when it went down. */
  readonly changes: string[] = [];
  readonly greetings = new Map<NodeId, number>();
  /** Called with each message. */
  onMessage: () => void = () => undefined;
  #fault: { readonly rule: ContractRule; readonly did: string } | null = null;
  #starts: (Error | null)[] = [];
  #isClosed = false;

  constructor(id: NodeId, links: PeerLinks) {
    this.id = id;
    this.links = links;
  }

  async start(pace: Pace): Promise<void> {
    this.links.start(
      {
        greeted: (peer, incarnation) => {
          this.#expectOpen('greeted');
          this.greetings.set(peer, incarnation);
        },
        message: (from, group, message) => this.#message(from, group, message),
        connected: (peer) => this.#change(peer, '+'),
        disconnected: (peer) => this.#change(peer, '-'),
      },
      (error) => this.#starts.push(error),
    );
    const isStarted = (): boolean => this.#starts.length > 0;
    await waitFor(
      pace,
      isStarted,
      rules.start,
      () => `start of node ${this.id} never called done.`,
    );
    const failed = `start of node ${this.id} failed: ${this.#starts[0]?.message}.`;
    demand(this.#starts[0] === null, rules.start, failed);
  }

  /** Sends and flushes; false when the message was dropped. */
  tell(to: NodeId, message: PeerMessage, group = 1): boolean {
    const isQueued = this.links.send(to, group, message);
    this.links.flush();
    return isQueued;
  }

  close(): void {
    this.#isClosed = true;
    this.links.close();
  }

  from(peer: NodeId): Received[] {
    return this.received.filter(({ from }) => from === peer);
  }

  /** @throws ConformanceFailure for what it should not have been told so far */
  check(): void {
    if (this.#fault !== null) demand(false, this.#fault.rule, this.#fault.did);
    const starts = `start of node ${this.id} called done ${this.#starts.length} times.`;
    demand(this.#starts.length === 1, rules.start, starts);
    for (const { group, message, bytes, from } of this.received) {
      const did = `A ${message.type} from node ${from} changed after it was delivered.`;
      demand(equalBytes(bytesOf(group, message), bytes), rules.kept, did);
    }
  }

  #message(from: NodeId, group: GroupId, message: PeerMessage): void {
    this.#expectOpen('message');
    if (message.from !== from) {
      const did = `It said of a message of node ${message.from} that it came from node ${from}.`;
      this.#note(rules.from, did);
    }
    if (!this.greetings.has(from)) {
      this.#note(rules.greeted, `Node ${from} was heard before greeted was called for it.`);
    }
    this.received.push({ from, group, message, bytes: bytesOf(group, message) });
    this.onMessage();
  }

  #change(peer: NodeId, sign: '+' | '-'): void {
    const call = sign === '+' ? 'connected' : 'disconnected';
    this.#expectOpen(call);
    const last = this.changes.findLast(isOf(peer)) ?? '-';
    if (last.startsWith(sign)) {
      const did = `Node ${this.id} was told ${call} of node ${peer} twice in a row.`;
      this.#note(rules.connected, did);
    }
    this.changes.push(`${sign}${peer}`);
  }

  #expectOpen(call: string): void {
    if (!this.#isClosed) return;
    this.#note(rules.closed, `Node ${this.id} was called ${call} after it had closed its links.`);
  }

  #note(rule: ContractRule, did: string): void {
    this.#fault ??= { rule, did };
  }
}

export function bytesOf(group: GroupId, message: PeerMessage): Uint8Array {
  const writer = new ByteWriter();
  encodePeerMessage(writer, group, message);
  return writer.take();
}

/** Nodes of one case; all are closed when it is over. */
export class LinkRoom {
  readonly pace: PeerLinksHarness;
  readonly #all: LinkProbe[] = [];

  constructor(harness: PeerLinksHarness) {
    this.pace = harness;
  }

  async node(id: NodeId, incarnation = 10 * id): Promise<LinkProbe> {
    const probe = new LinkProbe(id, this.pace.links(id, incarnation));
    this.#all.push(probe);
    await probe.start(this.pace);
    return probe;
  }

  /** Nodes 1 to `count`, each connected to all others. */
  async cluster(count: number): Promise<LinkProbe[]> {
    const nodes: LinkProbe[] = [];
    for (let id = 1; id <= count; id++) nodes.push(await this.node(id));
    for (const one of nodes) {
      for (const other of nodes) if (one !== other) await this.connected(one, other.id);
    }
    return nodes;
  }

  connected(one: LinkProbe, peer: NodeId): Promise<void> {
    const isConnected = (): boolean =>
      one.links.isConnected(peer) && one.changes.findLast(isOf(peer)) === `+${peer}`;
    return waitFor(this.pace, isConnected, rules.connected, () => {
      const says = `isConnected(${peer}) is ${one.links.isConnected(peer)}`;
      return `Both nodes are up, and at node ${one.id} ${says}; told was ${said(one, peer)}.`;
    });
  }

  disconnected(one: LinkProbe, peer: NodeId): Promise<void> {
    const isDisconnected = (): boolean =>
      !one.links.isConnected(peer) && one.changes.findLast(isOf(peer)) !== `+${peer}`;
    return waitFor(this.pace, isDisconnected, rules.connected, () => {
      const says = `isConnected(${peer}) is ${one.links.isConnected(peer)}`;
      return `Node ${peer} is gone, and at node ${one.id} ${says}; told was ${said(one, peer)}.`;
    });
  }

  arrived(to: LinkProbe, from: NodeId, count: number): Promise<void> {
    const isThere = (): boolean => to.from(from).length >= count;
    return waitFor(this.pace, isThere, rules.delivered, () => {
      const got = to.from(from).length;
      return `Of ${count} messages to node ${to.id} that were taken and flushed ${got} arrived.`;
    });
  }

  check(): void {
    for (const probe of this.#all) probe.check();
  }

  close(): void {
    for (const { links } of this.#all) links.close();
  }
}

function isOf(peer: NodeId): (change: string) => boolean {
  return (change) => change.slice(1) === String(peer);
}

function said({ changes }: LinkProbe, peer: NodeId): string {
  const last = changes.findLast(isOf(peer));
  if (last === undefined) return 'nothing';
  return last.startsWith('+') ? 'connected' : 'disconnected';
}
