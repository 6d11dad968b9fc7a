import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Member, type MemberPorts } from './member.ts';
import { Network } from './network.ts';
import { Volume } from './volume.ts';

export interface ClusterOptions {
  /** Of this run alone; removed at the end, but for the logs. */
  readonly workDirectory: string;
  readonly logDirectory: string;
  readonly nodes: number;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
  readonly endedByItself: (member: Member, how: string) => void;
}

const readyLimitMs = 60_000;
const lookAgainMs = 50;
/** Small, so that snapshots are taken and sent in a run of minutes. */
const snapshotFlags = ['--snapshot-log-bytes', '32768', '--snapshot-tail-entries', '100'];

/** Members on this machine, each a process, with every link of theirs in our hands. */
export class Cluster {
  readonly network = new Network();
  readonly members: Member[] = [];
  readonly options: ClusterOptions;
  #started = 0;
  #initialCluster = '';

  private constructor(options: ClusterOptions) {
    this.options = options;
    mkdirSync(options.logDirectory, { recursive: true });
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    const plans = [];
    for (let node = 0; node < options.nodes; node++) plans.push(await cluster.#plan());
    cluster.#initialCluster = plans.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
    for (const plan of plans) cluster.#add(plan, cluster.#initialCluster, 'new');
    for (const member of cluster.members) member.start();
    return cluster;
  }

  /** Resolves when all members serve or the run is to stop; throws who does not, and why. */
  async allReady(stop: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + readyLimitMs;
    while (!stop.aborted) {
      const waiting = this.members.find(({ isReady }) => !isReady);
      if (waiting === undefined) return;
      if (performance.now() > deadlineMs) {
        throw new Error(`${waiting.name} does not serve:\n${waiting.lastWords()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }

  /** The member whom the others believe to lead, if it is known. */
  get leader(): Member | null {
    const known = this.members.filter(({ isRunning, leader }) => isRunning && leader.id !== null);
    const latest = known.toSorted((a, b) => b.leader.term - a.leader.term)[0];
    return this.members.find(({ memberId }) => memberId === latest?.leader.id) ?? null;
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  /**
   * Prepares a member that is to join: `url` is what the others are told, `start` starts it once
   * they know.
   */
  async newcomer(): Promise<{ readonly url: string; readonly start: () => Member }> {
    const plan = await this.#plan();
    const others = this.members.map(({ name }) => `${name}=${this.#peerUrls.get(name)}`);
    const start = (): Member => {
      const all = [...others, `${plan.name}=${plan.peerUrl}`].join(',');
      const member = this.#add(plan, all, 'existing');
      member.start();
      return member;
    };
    return { url: plan.peerUrl, start };
  }

  /** The process is to be gone already. */
  forget(member: Member): void {
    member.isGone = true;
    this.members.splice(this.members.indexOf(member), 1);
    this.network.remove(member.name);
    member.volume.unmount();
  }

  /** Removes everything of this run; waits for nothing, so that it can be the last thing. */
  destroy(): void {
    for (const member of this.members) member.killNow();
    this.network.close();
    for (const member of this.members) member.volume.unmount();
    const { workDirectory } = this.options;
    try {
      // A process that was killed just now may take a moment to let go.
      rmSync(workDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`chaos: ${workDirectory} could not be removed: ${reason}`);
    }
  }

  readonly #peerUrls = new Map<string, string>();

  async #plan(): Promise<Plan> {
    const name = `n${++this.#started}`;
    const ports = { clientPort: await freePort(), peerPort: await freePort() };
    const relayed = await this.network.add(name, ports);
    const peerUrl = `http://127.0.0.1:${relayed.peerPort}`;
    this.#peerUrls.set(name, peerUrl);
    return { name, ports, peerUrl, endpoint: `127.0.0.1:${relayed.clientPort}` };
  }

  #add(plan: Plan, initialCluster: string, state: string): Member {
    const { name, ports, peerUrl, endpoint } = plan;
    const { workDirectory, logDirectory, heartbeatMs, electionTimeoutMs } = this.options;
    const volume = new Volume(join(workDirectory, name));
    const flags = {
      name,
      'data-dir': join(volume.directory, 'data'),
      'listen-client-urls': `http://127.0.0.1:${ports.clientPort}`,
      'advertise-client-urls': `http://${endpoint}`,
      'listen-peer-urls': `http://127.0.0.1:${ports.peerPort}`,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': initialCluster,
      'initial-cluster-state': state,
      'heartbeat-interval': `${heartbeatMs}`,
      'election-timeout': `${electionTimeoutMs}`,
    };
    const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const member = new Member({
      name,
      volume,
      directory: logDirectory,
      endpoint,
      joins: state === 'existing',
      flags: [...words, ...snapshotFlags, '--json'],
      endedByItself: this.options.endedByItself,
    });
    this.members.push(member);
    return member;
  }
}

interface Plan {
  readonly name: string;
  readonly ports: MemberPorts;
  readonly peerUrl: string;
  readonly endpoint: string;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
