import { join } from 'node:path';
import type { HostStorage, HostTuning } from '@quorate/host';
import { type LogOptions, systemCrypto, timers } from '@quorate/node';
import {
  type AuthOptions,
  type QuorateServer,
  ServerError,
  type ServerOptions,
  type ServerStatus,
  startServer,
} from '@quorate/server';
import {
  createMemoryLogStore,
  createMemorySnapshotStore,
  type MemoryLogStore,
} from '@quorate/storage';
import { type DiskFaults, FaultyLogStore, noDiskFaults } from './faulty-log-store.ts';
import { freePort } from './free-port.ts';
import type { PeerNetwork } from './peer-network.ts';

/** One member of a test cluster. It keeps its data and its port over all stops and starts. */
export interface TestNode {
  /** From 0. */
  readonly index: number;
  readonly name: string;
  /** `host:port` for clients. */
  readonly endpoint: string;
  readonly isRunning: boolean;
  /** Why it stopped itself, when it did: a failed disk, say. Null again once it is started. */
  readonly failure: Error | null;
  /** @throws Error while it does not run */
  status(): ServerStatus;
  /** In order, as after SIGTERM: hands its lead over, and lets calls end. */
  stop(): Promise<void>;
  /** As after SIGKILL: connections break, what was not yet written is lost. */
  kill(): Promise<void>;
  /** Does nothing when it runs. */
  start(): Promise<void>;
  /** `stop` and `start`. */
  restart(): Promise<void>;
}

/** What the members of one cluster share. */
export interface NodeSurroundings {
  readonly members: ServerOptions['members'];
  readonly clusterToken: string;
  readonly network: PeerNetwork;
  /** Null: everything is kept in memory. */
  readonly directory: string | null;
  readonly tuning: Partial<HostTuning>;
  readonly log: LogOptions;
  readonly auth: AuthOptions | null;
  readonly quotaBytes: number | null;
  /** Somebody leads, or nobody does any more. */
  readonly leaderChanged: () => void;
}

/** Nobody listens on the peers' addresses: they are names in the cluster's own network. */
export const peerPort = 2380;

const startTries = 5;

export class ClusterNode implements TestNode {
  readonly index: number;
  readonly name: string;
  readonly faults: DiskFaults = noDiskFaults();
  /** From the next start on; left out, those of this release. */
  protocolVersions: ServerOptions['protocolVersions'];
  readonly #surroundings: NodeSurroundings;
  readonly #snapshots = createMemorySnapshotStore({ timers });
  readonly #incarnation = incarnation();
  #memory: MemoryLogStore = createMemoryLogStore({ timers });
  #log: FaultyLogStore | null = null;
  #port = 0;
  #server: QuorateServer | null = null;
  #isDying = false;
  /** What was asked last; one thing after the other. */
  #busy: Promise<void> = Promise.resolve();
  failure: Error | null = null;

  constructor(index: number, surroundings: NodeSurroundings) {
    this.index = index;
    this.name = surroundings.members[index]?.name ?? '';
    this.#surroundings = surroundings;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get isRunning(): boolean {
    return this.#server !== null;
  }

  /** Null while it does not run. */
  get server(): QuorateServer | null {
    return this.#server;
  }

  status(): ServerStatus {
    if (this.#server === null) throw new Error(`node ${this.index} (${this.name}) does not run`);
    return this.#server.status();
  }

  start(): Promise<void> {
    return this.#next(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#next(() => this.#end(false));
  }

  kill(): Promise<void> {
    this.#isDying = true;
    // At once: what waits its turn would still be served.
    this.#log?.kill();
    this.#surroundings.network.down(this.index);
    return this.#next(() => this.#end(true));
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#busy.then(act);
    // Whoever asked hears of it.
    this.#busy = done.catch(() => undefined);
    return done;
  }

  async #end(isAbrupt: boolean): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    await server.close({ abrupt: isAbrupt });
    this.#server = null;
    this.#log = null;
    this.#memory = this.#memory.reopen();
    this.#surroundings.leaderChanged();
  }

  async #start(): Promise<void> {
    if (this.#server !== null) return;
    this.failure = null;
    this.#isDying = false;
    this.#surroundings.network.up(this.index);
    this.faults.failsNext = false;
    const server = await this.#listen();
    this.#server = server;
    server.onLeader(() => this.#surroundings.leaderChanged());
    this.#surroundings.leaderChanged();
  }

  /** A port that was free a moment ago may be taken; one that was announced stays. */
  async #listen(): Promise<QuorateServer> {
    const isAnnounced = this.#port !== 0;
    for (let tries = 1; ; tries++) {
      if (!isAnnounced) this.#port = await freePort();
      try {
        return await startServer(this.#serverOptions());
      } catch (error) {
        const isTaken = error instanceof ServerError && error.code === 'SERVER_ADDRESS_IN_USE';
        if (!isTaken || tries === startTries) throw error;
        this.#memory = this.#memory.reopen();
      }
    }
  }

  #serverOptions(): ServerOptions {
    const { members, clusterToken, network, directory, tuning, log } = this.#surroundings;
    const { auth, quotaBytes } = this.#surroundings;
    const { protocolVersions } = this;
    return {
      name: this.name,
      members,
      clusterToken,
      dataDirectory: directory === null ? null : join(directory, this.name),
      ...(directory === null ? { storage: this.#memoryStorage() } : {}),
      storageThrough: (storage) => this.#withFaults(storage),
      network: () => network.of(this.index),
      listenPeer: { host: this.name, port: peerPort },
      listenClient: [{ host: '127.0.0.1', port: this.#port }],
      advertiseClientUrls: [`http://${this.endpoint}`],
      tuning,
      log,
      ...(protocolVersions === undefined ? {} : { protocolVersions }),
      ...(auth === null ? {} : { auth }),
      ...(quotaBytes === null ? {} : { quotaBytes }),
      onHalt: (error) => this.#halted(error),
    };
  }

  #memoryStorage(): HostStorage {
    return {
      logStore: this.#memory,
      snapshotStore: this.#snapshots,
      incarnation: this.#incarnation,
    };
  }

  #withFaults(storage: HostStorage): HostStorage {
    const log = new FaultyLogStore(storage.logStore, this.faults);
    this.#log = log;
    return { ...storage, logStore: log };
  }

  /** A process would end here. */
  #halted(error: Error): void {
    if (this.#isDying) return;
    this.failure = error;
    this.kill().catch(() => undefined);
  }
}

function incarnation(): number {
  const drawn = systemCrypto.randomBytes(6).reduce((number, byte) => number * 256 + byte, 0);
  return Math.max(1, drawn);
}
