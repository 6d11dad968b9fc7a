import { type Address, assert, type Listener, type Ports, Prng, parseAddress } from '@quorate/base';
import type { PeerLinkHandlers, PeerLinks } from '@quorate/raft';
import { EncodedEntries, type GroupId, type NodeId, type PeerMessage } from '@quorate/schema';
import { AcceptedConnections } from './accepted-connections.ts';
import type { EnquiryHandler } from './enquiry/enquiry.ts';
import { Lane, type SpokenVersions, spokenVersions } from './handshake.ts';
import { LimitedLog } from './limited-log.ts';
import { resolveLimits, type TransportLimits } from './limits.ts';
import type { LinkEnvironment } from './link-environment.ts';
import { LinkMetrics, type PeerMetrics } from './link-metrics.ts';
import { OutgoingLink } from './outgoing-link.ts';
import { invalidOption, TransportError } from './transport-error.ts';

/** Nodes must agree on `clusterId`, and on `maxFrameBytes` of the limits. */
export interface PeerLinksOptions
  extends Pick<
    Ports,
    'network' | 'timers' | 'clock' | 'logger' | 'metrics' | 'checksum' | 'crypto'
  > {
  readonly nodeId: NodeId;
  /** 16 hex digits, lower case; connections to and from other clusters are refused. */
  readonly clusterId: string;
  /** Which life of this node's data this is; told to peers and not judged here. */
  readonly incarnation: number;
  /** Port 0 takes a free port. */
  readonly listen: Address;
  /**
   * Who may connect, and where they are; `setPeer` changes it later. An entry for this node itself
   * is passed over.
   */
  readonly peers: ReadonlyMap<NodeId, Address>;
  readonly limits?: Partial<TransportLimits>;
  /** Of the protocol; left out: those that this release speaks. */
  readonly versions?: SpokenVersions;
  /** Answers what nodes ask that need not be peers; left out: they are refused. */
  readonly enquired?: EnquiryHandler;
}

/** Links over the network port's connections. */
export interface ListeningPeerLinks extends PeerLinks {
  /** Where peers reach this node; null until `start` is done. */
  readonly address: Address | null;
}

interface PeerState {
  /** Read before each attempt. */
  address: Address;
  readonly metrics: PeerMetrics;
  readonly control: OutgoingLink;
  readonly bulk: OutgoingLink;
}

class ConnectedPeerLinks implements ListeningPeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #environment: LinkEnvironment;
  readonly #metrics: LinkMetrics;
  readonly #peers = new Map<NodeId, PeerState>();
  readonly #accepted: AcceptedConnections;
  #handlers: PeerLinkHandlers | null = null;
  /** Something was queued since the last flush; what was queued before waits for `drained`. */
  #isUnflushed = false;
  #listener: Listener | null = null;
  #isClosed = false;

  constructor(options: PeerLinksOptions) {
    const { network, timers, clock, checksum, nodeId, clusterId, incarnation } = options;
    const limits = resolveLimits(options.limits ?? {});
    this.#options = options;
    this.#environment = {
      network,
      timers,
      clock,
      checksum,
      prng: new Prng(seedFrom(options.crypto.randomBytes(6))),
      log: new LimitedLog(options.logger, clock, limits.logIntervalMs),
      limits,
      encodedEntries: new EncodedEntries(),
      self: { versions: options.versions ?? spokenVersions, clusterId, nodeId, incarnation },
    };
    this.#metrics = new LinkMetrics(options.metrics);
    for (const [id, address] of options.peers) {
      if (id !== nodeId) this.#peers.set(id, this.#peerState(id, address));
    }
    this.#accepted = new AcceptedConnections(this.#environment, {
      isPeer: (id) => this.#peers.has(id),
      metricsOf: (id) => this.#peer(id).metrics,
      greeted: (peer, incarnation) => {
        if (this.#isClosed) return;
        const known = this.#peers.get(peer);
        known?.control.peerIsThere();
        known?.bulk.peerIsThere();
        this.#handlers?.greeted(peer, incarnation);
      },
      message: (from, group, message) => {
        if (!this.#isClosed) this.#handlers?.message(from, group, message);
      },
      enquired: options.enquired ?? null,
    });
  }

  get address(): Address | null {
    return this.#listener?.address ?? null;
  }

  start(handlers: PeerLinkHandlers, done: (error: Error | null) => void): void {
    assert(this.#handlers === null && !this.#isClosed, 'peer links are started once');
    this.#handlers = handlers;
    const { network, listen } = this.#options;
    const accept = this.#accepted.accept.bind(this.#accepted);
    network.listen(listen, accept, (error, listener) => {
      if (this.#isClosed) {
        listener?.close();
        return;
      }
      if (listener === null) {
        done(listenError(listen, error));
        return;
      }
      this.#listener = listener;
      for (const peer of this.#peers.values()) {
        peer.control.start();
        peer.bulk.start();
      }
      done(null);
    });
  }

  send(to: NodeId, group: GroupId, message: PeerMessage): boolean {
    const peer = this.#peers.get(to);
    if (peer === undefined || this.#isClosed) return false;
    const link = message.type === 'SnapshotChunk' ? peer.bulk : peer.control;
    const isQueued = link.send(group, message);
    if (isQueued) this.#isUnflushed = true;
    return isQueued;
  }

  flush(): void {
    // Most turns of a process have nothing to say to anyone.
    if (!this.#isUnflushed) return;
    this.#isUnflushed = false;
    for (const peer of this.#peers.values()) {
      peer.control.flush();
      peer.bulk.flush();
    }
  }

  isConnected(peer: NodeId): boolean {
    return this.#peers.get(peer)?.control.isUp === true;
  }

  setPeer(id: NodeId, address: string | null): void {
    if (id === this.#options.nodeId || this.#isClosed) return;
    const known = this.#peers.get(id);
    if (address === null) {
      if (known === undefined) return;
      this.#peers.delete(id);
      known.control.close();
      known.bulk.close();
      this.#accepted.part(id);
      this.#handlers?.disconnected(id);
      return;
    }
    const parsed = parseAddress(address);
    if (parsed === null) {
      const reason = 'it is not of the form host:port';
      this.#options.logger.warn('address of a peer ignored', { peer: id, address, reason });
    } else if (known === undefined) {
      this.#meet(id, parsed);
    } else {
      known.address = parsed;
    }
  }

  #meet(id: NodeId, address: Address): void {
    const peer = this.#peerState(id, address);
    this.#peers.set(id, peer);
    if (this.#listener === null) return;
    peer.control.start();
    peer.bulk.start();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener?.close();
    for (const peer of this.#peers.values()) {
      peer.control.close();
      peer.bulk.close();
    }
    this.#accepted.close();
  }

  #peerState(id: NodeId, address: Address): PeerState {
    const metrics = this.#metrics.of(id);
    const both = { peer: id, address: () => this.#peers.get(id)?.address, metrics };
    const up = (): void => {
      metrics.connected(true);
      this.#handlers?.connected(id);
    };
    const down = (): void => {
      metrics.connected(false);
      this.#handlers?.disconnected(id);
    };
    const nothing = (): void => undefined;
    metrics.connected(false);
    return {
      address,
      metrics,
      control: new OutgoingLink(this.#environment, { ...both, lane: Lane.control, up, down }),
      bulk: new OutgoingLink(this.#environment, {
        ...both,
        lane: Lane.bulk,
        up: nothing,
        down: nothing,
      }),
    };
  }

  #peer(id: NodeId): PeerState {
    const peer = this.#peers.get(id);
    assert(peer !== undefined, 'only peers of the configuration get this far');
    return peer;
  }
}

/**
 * Makes the links of one process to its peers: framed messages over two connections to each peer,
 * one for everything and one for pieces of snapshots, so that heartbeats never wait behind those.
 * Each node dials for its own messages; a connection carries messages one way.
 *
 * @throws TransportError TRANSPORT_INVALID_OPTION
 */
export function createPeerLinks(options: PeerLinksOptions): ListeningPeerLinks {
  if (!/^[0-9a-f]{16}$/.test(options.clusterId)) {
    throw invalidOption('clusterId', `'${options.clusterId}' is not 16 hex digits in lower case`);
  }
  for (const id of [options.nodeId, ...options.peers.keys()]) {
    if (!Number.isSafeInteger(id) || id < 1) {
      throw invalidOption('peers', `node id ${id} is not a whole number from 1 to 2^53 - 1`);
    }
  }
  if (!Number.isSafeInteger(options.incarnation) || options.incarnation < 0) {
    throw invalidOption('incarnation', 'is not a whole number from 0 to 2^53 - 1');
  }
  return new ConnectedPeerLinks(options);
}

function seedFrom(bytes: Uint8Array): number {
  return bytes.reduce((seed, byte) => seed * 256 + byte, 0);
}

/** A network port may put words of its own around the system's error. */
function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function listenError(listen: Address, error: Error | null): TransportError {
  const { host, port } = listen;
  if (isAddressInUse(error) || isAddressInUse(error?.cause)) {
    return new TransportError(
      'TRANSPORT_ADDRESS_IN_USE',
      `${host}:${port} is in use by another process; stop that process or choose another port`,
      { host, port },
      error === null ? {} : { cause: error },
    );
  }
  // A network port may have said where already.
  const at = `cannot listen on ${host}:${port}: `;
  const reason = (error?.message ?? 'unknown').replace(at, '');
  return new TransportError(
    'TRANSPORT_LISTEN_FAILED',
    `${at}${reason}; check that the host name is one of this machine`,
    { host, port, reason },
    { cause: error },
  );
}
