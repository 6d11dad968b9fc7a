import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createElection, type ElectionOptions, type ElectionWithClaims } from '../../src/index.ts';
import { freePort } from '../node/free-port.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const timing = { heartbeatIntervalMs: 50, electionTimeoutMs: 400 };
export const log = { level: 'silent', format: 'logfmt' } as const;

/** Nodes of an election with claims, in this process, on disk. */
export class Signers implements AsyncDisposable {
  readonly all = new Map<number, ElectionWithClaims>();
  readonly #peers: Readonly<Record<number, string>>;
  readonly #directory: ReturnType<typeof temporaryDirectory>;

  private constructor(peers: Readonly<Record<number, string>>) {
    this.#peers = peers;
    this.#directory = temporaryDirectory();
  }

  static async open(count: number): Promise<Signers> {
    const peers: Record<number, string> = {};
    for (let id = 1; id <= count; id++) peers[id] = `127.0.0.1:${await freePort()}`;
    const signers = new Signers(peers);
    await Promise.all(Object.keys(peers).map((id) => signers.start(Number(id))));
    return signers;
  }

  get ids(): readonly number[] {
    return Object.keys(this.#peers).map(Number);
  }

  optionsOf(id: number): ElectionOptions & Pick<Required<ElectionOptions>, 'claims'> {
    return {
      id,
      peers: this.#peers,
      dataDir: join(this.#directory.path, `node${id}`),
      claims: { watermarkDir: join(this.#directory.path, `signer${id}`) },
      timing,
      log,
    };
  }

  async start(id: number, options: Partial<ElectionOptions> = {}): Promise<ElectionWithClaims> {
    const election = await createElection({ ...this.optionsOf(id), ...options });
    assert.ok(election.claims !== null);
    this.all.set(id, election as ElectionWithClaims);
    return election as ElectionWithClaims;
  }

  of(id: number): ElectionWithClaims {
    const election = this.all.get(id);
    assert.ok(election !== undefined);
    return election;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all.values()].map((election) => election.close()));
    this.#directory[Symbol.dispose]();
  }
}
