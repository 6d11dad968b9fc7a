import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LedgerServer, startLedgerServer } from '@quorate/server';
import { freePorts } from '../support/real-cluster.ts';

interface Place {
  readonly name: string;
  readonly peer: number;
  readonly client: number;
}

/** Servers of one ledger in this process that can be stopped and started where they were. */
export class RestartingLedgers {
  readonly #directory: string;
  readonly #places: readonly Place[];
  #servers: readonly LedgerServer[] = [];

  private constructor(directory: string, places: readonly Place[]) {
    this.#directory = directory;
    this.#places = places;
  }

  /** All end with the test. */
  static async start(context: TestContext, count: number): Promise<RestartingLedgers> {
    const directory = await mkdtemp(join(tmpdir(), 'quorate-ledger-'));
    const ports = await freePorts(2 * count);
    const places = Array.from({ length: count }, (_, at) => {
      return { name: `n${at}`, peer: ports[2 * at] ?? 0, client: ports[2 * at + 1] ?? 0 };
    });
    const ledgers = new RestartingLedgers(directory, places);
    context.after(async () => {
      await ledgers.stop();
      await rm(directory, { recursive: true, force: true });
    });
    await ledgers.restart();
    return ledgers;
  }

  get endpoints(): readonly string[] {
    return this.#places.map(({ client }) => `127.0.0.1:${client}`);
  }

  /** Without the orderly end. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close({ abrupt: true })));
  }

  async restart(): Promise<void> {
    const members = this.#places.map(({ name, peer }) => {
      return { name, peerUrls: [`http://127.0.0.1:${peer}`] };
    });
    this.#servers = await Promise.all(
      this.#places.map(({ name, peer, client }) =>
        startLedgerServer({
          name,
          dataDirectory: join(this.#directory, name),
          members,
          clusterToken: this.#directory,
          listenPeer: { host: '127.0.0.1', port: peer },
          listenClient: [{ host: '127.0.0.1', port: client }],
          advertiseClientUrls: [`http://127.0.0.1:${client}`],
          tuning: { heartbeatIntervalMs: 40, electionTimeoutMs: 400, segmentBytes: 4 * 2 ** 20 },
          log: { level: 'silent', format: 'json' },
        }),
      ),
    );
  }
}
