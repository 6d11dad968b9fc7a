import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { keysFrom } from '@quorate/client';
import type { ServerOptions } from '@quorate/server';
import { type Served, served } from '../backup/served.ts';
import { freePorts, temporaryDirectory } from '../run-program.ts';

const tuning = { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 2 ** 18 };

/** Three members that ran, of which the first is said to have survived. */
export class LostQuorum {
  readonly directory: string;
  readonly #context: TestContext;
  readonly #port: number;

  constructor(context: TestContext, directory: string, port: number) {
    this.#context = context;
    this.directory = directory;
    this.#port = port;
  }

  static async open(context: TestContext): Promise<LostQuorum> {
    const directory = await temporaryDirectory(context);
    return new LostQuorum(context, directory, await freePorts([0, 1, 2, 3, 4]));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  peerUrl(at: number): string {
    return `http://127.0.0.1:${this.#port + at - 1}`;
  }

  start(at: number, more: Partial<ServerOptions> = {}): Promise<Served> {
    const members = [1, 2, 3].map((one) => ({ name: `n${one}`, peerUrls: [this.peerUrl(one)] }));
    return served(this.#context, this.directory, {
      name: `n${at}`,
      dataDirectory: this.path(`n${at}`),
      members,
      listenPeer: { host: '127.0.0.1', port: this.#port + at - 1 },
      tuning,
      ...more,
    });
  }

  /** Takes in a member that never was one, and starts it. */
  async join(at: number, among: Served): Promise<Served> {
    const own = { name: `n${at}`, peerUrls: [this.peerUrl(at)] };
    const before = await among.client.cluster.members();
    await among.client.cluster.add(own.peerUrls);
    const others = before.map(({ name, peerUrls }) => ({ name, peerUrls }));
    const joined = await this.start(at, { clusterState: 'existing', members: [...others, own] });
    await allNamed(among);
    return joined;
  }
}

/** Fulfilled when each member has said its name. */
async function allNamed({ client }: Served): Promise<void> {
  while ((await client.cluster.members()).some(({ name }) => name === ''));
}

export async function keysOf({ client }: Served): Promise<readonly string[]> {
  const { keyValues } = await client.get(keysFrom(''));
  return keyValues.map(({ key }) => new TextDecoder().decode(key));
}

export function clusterIdOf({ server }: Served): string {
  return server.status().clusterId.toString(16).padStart(16, '0');
}

/** Puts so many keys, ends all members as a power cut would, and says who they were. */
export async function ended(lost: LostQuorum, keys: number): Promise<string> {
  const nodes = await Promise.all([1, 2, 3].map((at) => lost.start(at)));
  const [first] = nodes;
  assert.ok(first !== undefined);
  await allNamed(first);
  await Promise.all(Array.from({ length: keys }, (_, at) => first.client.put(`key${at}`, `${at}`)));
  const id = clusterIdOf(first);
  for (const { client, server } of nodes) {
    await client.close();
    await server.close({ abrupt: true });
  }
  return id;
}
