import type { Connection, ConnectionHandlers } from '@quorate/base';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import type { EnquiryHandler } from './enquiry/enquiry.ts';
import { laneNames } from './handshake.ts';
import { IncomingConnection, type IncomingRoom } from './incoming-connection.ts';
import type { LinkEnvironment } from './link-environment.ts';
import type { PeerMetrics } from './link-metrics.ts';

export interface AcceptedOptions {
  readonly isPeer: (id: NodeId) => boolean;
  readonly metricsOf: (peer: NodeId) => PeerMetrics;
  /** A connection of the peer's follows the protocol; its messages come after. */
  readonly greeted: (peer: NodeId, incarnation: number) => void;
  readonly message: (from: NodeId, group: GroupId, message: PeerMessage) => void;
  /** Null: this node answers no enquiries. */
  readonly enquired: EnquiryHandler | null;
}

/**
 * All accepted connections: at most one for each peer and lane, the newest, and a bounded number
 * that have not shaken hands yet.
 */
export class AcceptedConnections {
  readonly #environment: LinkEnvironment;
  readonly #room: IncomingRoom;
  readonly #pending = new Set<IncomingConnection>();
  readonly #open = new Map<string, IncomingConnection>();
  readonly #enquiries = new Set<IncomingConnection>();
  #isClosed = false;

  constructor(environment: LinkEnvironment, options: AcceptedOptions) {
    this.#environment = environment;
    this.#room = {
      ...options,
      opened: (connection, peer, lane) => {
        const key = `${peer} ${laneNames[lane]}`;
        const older = this.#open.get(key);
        this.#pending.delete(connection);
        this.#open.set(key, connection);
        older?.end('replaced by a newer connection of the same peer');
      },
      openedEnquiry: (connection) => {
        this.#pending.delete(connection);
        if (this.#enquiries.size >= environment.limits.maxEnquirers) return false;
        this.#enquiries.add(connection);
        return true;
      },
      ended: (connection) => {
        this.#pending.delete(connection);
        this.#enquiries.delete(connection);
        for (const [key, open] of this.#open) if (open === connection) this.#open.delete(key);
      },
    };
  }

  accept(connection: Connection): ConnectionHandlers {
    const { log, limits } = this.#environment;
    const isCrowded = this.#pending.size >= limits.maxPendingConnections;
    if (this.#isClosed || isCrowded) {
      const reason = 'too many connections wait for a handshake';
      if (isCrowded) log.warn('', 'peer connection refused', { reason, remote: connection.remote });
      connection.close(this.#isClosed ? 'this node is closing' : reason);
      return { data: () => undefined, drained: () => undefined, closed: () => undefined };
    }
    const incoming = new IncomingConnection(this.#environment, this.#room, connection);
    this.#pending.add(incoming);
    return {
      data: (chunk) => incoming.data(chunk),
      drained: () => undefined,
      closed: (reason) => incoming.end(reason),
    };
  }

  /** Ends what came from a peer that is none any more. */
  part(peer: NodeId): void {
    for (const lane of laneNames) {
      this.#open.get(`${peer} ${lane}`)?.end('no longer a peer');
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const incoming of [...this.#pending, ...this.#open.values(), ...this.#enquiries]) {
      incoming.end('this node is closing');
    }
  }
}
