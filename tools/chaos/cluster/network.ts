import { type Condition, clear, Relay, type Route } from './relay.ts';

/** The handshake that begins every connection between members: who greets whom. */
const handshakeBytes = 52;
const magic = 'QRPEER\r\n';
const laneAt = 12;
const fromAt = 24;
const toAt = 32;
const enquiryLane = 2;

/** Stands for the clients in a link between them and a member. */
export const clients = 'clients';

/**
 * All links of a cluster, between members and from clients to members, through relays. A member
 * tells in the handshake of each connection who it is, so that one relay before each member knows
 * every link to it.
 */
export class Network {
  readonly #conditions = new Map<string, Condition>();
  /** What the members call each other, as seen in handshakes. */
  readonly #names = new Map<bigint, string>();
  readonly #relays = new Map<string, Relay[]>();

  /** @returns the ports to reach the member's two through */
  async add(
    name: string,
    { clientPort, peerPort }: { readonly clientPort: number; readonly peerPort: number },
  ): Promise<{ readonly clientPort: number; readonly peerPort: number }> {
    const toClient = await Relay.open({
      targetPort: clientPort,
      firstBytes: 0,
      route: () => this.#route(clients, name),
    });
    const toPeer = await Relay.open({
      targetPort: peerPort,
      firstBytes: handshakeBytes,
      route: (first) => this.#peerRoute(name, first),
    });
    this.#relays.set(name, [toClient, toPeer]);
    return { clientPort: toClient.port, peerPort: toPeer.port };
  }

  /** What goes from one to the other from now on; both ends are members, or one is `clients`. */
  set(from: string, to: string, condition: Partial<Condition>): void {
    this.#conditions.set(`${from} ${to}`, { ...clear, ...condition });
  }

  /** Ends every connection to the member. */
  reset(name: string): void {
    for (const relay of this.#relays.get(name) ?? []) relay.reset();
  }

  heal(): void {
    this.#conditions.clear();
  }

  remove(name: string): void {
    for (const relay of this.#relays.get(name) ?? []) relay.close();
    this.#relays.delete(name);
  }

  close(): void {
    for (const name of [...this.#relays.keys()]) this.remove(name);
  }

  #route(from: string, to: string): Route {
    return {
      forward: () => this.#conditions.get(`${from} ${to}`) ?? clear,
      backward: () => this.#conditions.get(`${to} ${from}`) ?? clear,
    };
  }

  #peerRoute(to: string, first: Buffer): Route {
    if (first.toString('latin1', 0, magic.length) !== magic) return this.#route('?', to);
    const from = first.readBigUInt64LE(fromAt);
    const own = first.readBigUInt64LE(toAt);
    if (first[laneAt] !== enquiryLane && own !== 0n) this.#names.set(own, to);
    // By name at each move: a member is known once somebody has greeted it.
    return {
      forward: () => this.#between(this.#names.get(from), to),
      backward: () => this.#between(to, this.#names.get(from)),
    };
  }

  #between(from: string | undefined, to: string | undefined): Condition {
    return this.#conditions.get(`${from} ${to}`) ?? clear;
  }
}
