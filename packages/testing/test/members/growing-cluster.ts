import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type ClientMember, connect, type QuorateClient } from '@quorate/client';
import { systemCrypto, timers } from '@quorate/node';
import { type QuorateServer, ServerError, type ServerOptions, startServer } from '@quorate/server';
import {
  createMemoryLogStore,
  createMemorySnapshotStore,
  type MemoryLogStore,
} from '@quorate/storage';
import { PeerNetwork } from '../../src/peer-network.ts';

type Given = Partial<ServerOptions>;

/** A machine: a directory that says who it is, and the rest of its data in memory. */
class Machine {
  readonly directory: string;
  readonly snapshotStore = createMemorySnapshotStore({ timers });
  logStore: MemoryLogStore = createMemoryLogStore({ timers });
  server: QuorateServer | null = null;

  constructor(directory: string) {
    this.directory = directory;
  }
}

/** Servers in this process that are added, removed and started again; `at` says which. */
export class GrowingCluster {
  readonly #directory: string;
  readonly #network = new PeerNetwork();
  readonly #machines = new Map<number, Machine>();
  readonly #clients: QuorateClient[] = [];
  readonly removed: number[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Nodes from 0 found it, and all of them have said who they are. */
  static async open(context: TestContext, founders: number): Promise<GrowingCluster> {
    const cluster = new GrowingCluster(await mkdtemp(join(tmpdir(), 'quorate-members-')));
    context.after(() => cluster.#close());
    const ids = Array.from({ length: founders }, (_, at) => at);
    await Promise.all(ids.map((at) => cluster.start(at, ids)));
    await cluster.listed(allStarted(founders));
    return cluster;
  }

  /** At which the peers reach a node, whatever it is called. */
  url(at: number): string {
    return `http://host${at}:2380`;
  }

  async start(at: number, members: readonly number[], given: Given = {}): Promise<QuorateServer> {
    const machine = this.#machine(at);
    // As after any end of the process.
    machine.logStore = machine.logStore.reopen();
    this.#network.up(at);
    const { directory: dataDirectory, logStore, snapshotStore } = machine;
    machine.server = await startServer({
      name: `n${at}`,
      dataDirectory,
      storage: { logStore, snapshotStore, incarnation: 1 },
      network: () => this.#network.of(at),
      members: members.map((one) => ({ name: `n${one}`, peerUrls: [this.url(one)] })),
      clusterToken: 'mine',
      listenPeer: { host: `host${at}`, port: 2380 },
      listenClient: [{ host: '127.0.0.1', port: 0 }],
      advertiseClientUrls: [`http://host${at}:2379`],
      tuning: { heartbeatIntervalMs: 60, electionTimeoutMs: 400, segmentBytes: 1024 * 1024 },
      log: { level: 'silent', format: 'json' },
      onRemoved: () => this.removed.push(at),
      ...given,
    });
    return machine.server;
  }

  join(at: number, asked: readonly number[], given: Given = {}): Promise<QuorateServer> {
    return this.start(at, [at, ...asked], {
      clusterState: 'existing',
      joinTimeoutMs: 30_000,
      ...given,
    });
  }

  async stop(at: number, abrupt = false): Promise<void> {
    const machine = this.#machine(at);
    if (abrupt) this.#network.down(at);
    await machine.server?.close({ abrupt });
    machine.server = null;
  }

  /** Another machine, which has nothing, takes its place. */
  wipe(at: number): void {
    this.#machines.delete(at);
  }

  server(at: number): QuorateServer {
    const { server } = this.#machine(at);
    assert.ok(server, `node ${at} runs`);
    return server;
  }

  get running(): readonly number[] {
    return [...this.#machines].filter(([, { server }]) => server !== null).map(([at]) => at);
  }

  async leader(): Promise<number> {
    let found: number | undefined;
    await until(() => {
      found = this.running.find((at) => this.server(at).status().role === 'leader');
      return found !== undefined;
    });
    return found as number;
  }

  /** @param among left out: of all that run now */
  client(among: readonly number[] = this.running, timeoutMs = 30_000): QuorateClient {
    const endpoints = among.map((at) => {
      const [address] = this.server(at).clientAddresses;
      return `127.0.0.1:${address?.port}`;
    });
    const client = connect({ endpoints, timeoutMs });
    this.#clients.push(client);
    return client;
  }

  /** Asks until the list is as it should be. */
  async listed(isGood: (members: readonly ClientMember[]) => boolean): Promise<void> {
    const client = this.client();
    await until(async () => isGood(await client.cluster.members()));
  }

  /** Adds a voter, as a client, and waits until it votes. */
  async grow(at: number): Promise<void> {
    const asked = this.running;
    const client = this.client();
    await insist(() => client.cluster.add([this.url(at)]));
    await this.join(at, asked);
    await until(() => ['follower', 'leader'].includes(this.server(at).status().role));
    await this.listed(allStarted(asked.length + 1));
  }

  /** Removes a member; an answer that was lost is asked for again. */
  async dismiss(id: bigint, asked = this.running): Promise<void> {
    const { cluster } = this.client(asked);
    await insist(() => cluster.remove(id)).catch(async (error: unknown) => {
      assert.match(String(error), /is not known/);
      await this.listed((members) => members.every((one) => one.id !== id));
    });
  }

  #machine(at: number): Machine {
    const known = this.#machines.get(at);
    if (known !== undefined) return known;
    const made = new Machine(
      join(this.#directory, `${at}-${systemCrypto.randomBytes(4).join('')}`),
    );
    this.#machines.set(at, made);
    return made;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.running.map((at) => this.stop(at, true)));
    this.#network.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 4000; !(await isSo()); left--) {
    assert.ok(left > 0, 'it never became so');
    await setTimeout(15);
  }
}

/** Until it is no longer too early for it: a member that has just come is not connected to all. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await act();
    } catch (error) {
      const isEarly = error instanceof Error && /unhealthy|not enough started/.test(error.message);
      if (!isEarly || left === 0) throw error;
      await setTimeout(50);
    }
  }
}

export async function refusal(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Error, 'it is refused');
  return error.message;
}

export async function joinRefusal(action: Promise<unknown>): Promise<string> {
  await assert.rejects(action, (error) => error instanceof ServerError);
  return refusal(action);
}

export const allStarted = (count: number) => (members: readonly ClientMember[]) =>
  members.length === count && members.every(({ name }) => name !== '');
