import { present } from '@quorate/base';
import type { ClientTransport, TransportEndpoint } from '../transport/transport.ts';

/** The servers a client knows, and which of them it goes to first: the one that answered last. */
export class Endpoints {
  readonly all: readonly TransportEndpoint[];
  /** There has been a connection to one of them: the cluster is there, and will be again. */
  wasReached = false;
  readonly #transport: ClientTransport;
  readonly #others = new Map<string, TransportEndpoint>();
  #preferred = 0;

  constructor(addresses: readonly string[], transport: ClientTransport) {
    this.#transport = transport;
    this.all = addresses.map((address) => transport.endpoint(address));
  }

  /** Every one once, beginning with the preferred one. */
  inTurn(): TransportEndpoint[] {
    return [...this.all.slice(this.#preferred), ...this.all.slice(0, this.#preferred)];
  }

  /** @param turns how far behind the preferred one */
  at(turns: number): TransportEndpoint {
    const index = (this.#preferred + turns) % this.all.length;
    return present(this.all[index], 'the index is taken modulo the length');
  }

  get preferred(): TransportEndpoint {
    return this.at(0);
  }

  /** One that is not among the client's is left out of it. */
  prefer(endpoint: TransportEndpoint): void {
    const index = this.all.indexOf(endpoint);
    if (index !== -1) this.#preferred = index;
  }

  /** The server at an address, which need not be among the client's. */
  of(address: string): TransportEndpoint {
    const known = this.all.find((one) => one.address === address) ?? this.#others.get(address);
    const endpoint = known ?? this.#transport.endpoint(address);
    if (known === undefined) this.#others.set(address, endpoint);
    return endpoint;
  }

  close(): void {
    for (const endpoint of [...this.all, ...this.#others.values()]) endpoint.close();
  }
}
