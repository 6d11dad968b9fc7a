import { createElection, type Election, type ElectionOptions } from '../../src/index.ts';
import { freePort } from './free-port.ts';

/** Longer than the defaults, so that a busy machine ends no leadership by itself. */
export const timing = { heartbeatIntervalMs: 50, electionTimeoutMs: 400 };

export const silent = { level: 'silent', format: 'logfmt' } as const;

/** Founders in this process, in memory unless `options` say otherwise. */
export class Elections implements AsyncDisposable {
  readonly peers: Readonly<Record<number, string>>;
  readonly all: Election[] = [];
  readonly #optionsOf: (id: number) => Partial<ElectionOptions>;

  private constructor(
    peers: Readonly<Record<number, string>>,
    optionsOf: (id: number) => Partial<ElectionOptions>,
  ) {
    this.peers = peers;
    this.#optionsOf = optionsOf;
  }

  static async open(
    count: number,
    optionsOf: (id: number) => Partial<ElectionOptions> = () => ({}),
  ): Promise<Elections> {
    const peers: Record<number, string> = {};
    for (let id = 1; id <= count; id++) peers[id] = `127.0.0.1:${await freePort()}`;
    const elections = new Elections(peers, optionsOf);
    const ids = Object.keys(peers).map(Number);
    await Promise.all(ids.map((id) => elections.start(id)));
    return elections;
  }

  async start(id: number, options: Partial<ElectionOptions> = {}): Promise<Election> {
    const election = await createElection({
      id,
      peers: this.peers,
      dataDir: null,
      timing,
      value: `value ${id}`,
      log: silent,
      ...this.#optionsOf(id),
      ...options,
    });
    this.all.push(election);
    return election;
  }

  of(id: number): Election {
    const election = this.all.findLast((one) => one.id === id);
    if (election === undefined) throw new Error(`node ${id} was not started`);
    return election;
  }

  others(election: Election): Election[] {
    return this.all.filter((one) => one !== election);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((election) => election.close()));
  }
}

/** Until this node knows that `id` leads. */
export async function hears(election: Election, id: number): Promise<void> {
  for await (const leader of election.observe()) {
    if (leader?.id === id) return;
  }
  throw new Error(`node ${election.id} was closed before it heard of ${id}`);
}
