import { join } from 'node:path';
import { connect, type QuorateClient } from '@quorate/client';
import { freePorts, programPath } from '../../test/run-program.ts';
import type { Children, RunningProgram } from './children.ts';

/** What a member is told when it starts. */
interface MemberPlan {
  readonly name: string;
  readonly directory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** Every member as `--initial-cluster` takes them. */
  readonly initialCluster: string;
}

/** The command that runs one member. */
export type MemberCommand = (plan: MemberPlan) => readonly string[];

const memberCount = 3;
const readyLimitMs = 60_000;
const retryMs = 100;

/** Both programs take the same settings by the same names. */
function settings(plan: MemberPlan): string[] {
  return [
    `--name=${plan.name}`,
    `--data-dir=${plan.directory}`,
    `--listen-client-urls=${plan.clientUrl}`,
    `--advertise-client-urls=${plan.clientUrl}`,
    `--listen-peer-urls=${plan.peerUrl}`,
    `--initial-advertise-peer-urls=${plan.peerUrl}`,
    `--initial-cluster=${plan.initialCluster}`,
    '--initial-cluster-state=new',
  ];
}

/** Our own, with its defaults, and Node with the option that the files in `deploy` set. */
export const quorateMember: MemberCommand = (plan) => [
  process.execPath,
  '--max-semi-space-size=16',
  programPath,
  'serve',
  ...settings(plan),
  '--log-level=warn',
];

/** etcd's, with its defaults; the quota aside, which a bench with many keys would exceed. */
export function etcdMember(program: string): MemberCommand {
  return (plan) => [
    program,
    ...settings(plan),
    '--log-level=error',
    '--quota-backend-bytes=8589934592',
  ];
}

/** Members on this machine, each a process with a directory of its own. */
export class Cluster {
  readonly #children: Children;
  readonly #command: MemberCommand;
  readonly #plans: readonly MemberPlan[];
  readonly #running: (RunningProgram | null)[];

  private constructor(children: Children, command: MemberCommand, plans: readonly MemberPlan[]) {
    this.#children = children;
    this.#command = command;
    this.#plans = plans;
    this.#running = plans.map(() => null);
  }

  /**
   * Fulfilled when a put through every member has succeeded.
   *
   * @param directory empty, or not there yet
   */
  static async start(
    children: Children,
    command: MemberCommand,
    directory: string,
    members = memberCount,
  ): Promise<Cluster> {
    const urls: string[] = [];
    while (urls.length < 2 * members) {
      const url = `http://127.0.0.1:${await freePorts([0])}`;
      if (!urls.includes(url)) urls.push(url);
    }
    const named = Array.from({ length: members }, (_, index) => ({
      name: `m${index}`,
      directory: join(directory, `m${index}`),
      clientUrl: urls[index] ?? '',
      peerUrl: urls[index + members] ?? '',
    }));
    const initialCluster = named.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
    const plans = named.map((plan) => ({ ...plan, initialCluster }));
    const cluster = new Cluster(children, command, plans);
    await Promise.all(plans.map((_, index) => cluster.restart(index)));
    return cluster;
  }

  /** `host:port` of each member. */
  get endpoints(): readonly string[] {
    return this.#plans.map(({ clientUrl }) => clientUrl.slice('http://'.length));
  }

  /** Of the members that run. */
  get processIds(): readonly number[] {
    return this.#running.flatMap((program) => program?.child.pid ?? []);
  }

  /** Which member leads. */
  async leader(): Promise<number> {
    await using client = connect({ endpoints: this.endpoints, timeoutMs: readyLimitMs });
    for (;;) {
      const statuses = await Promise.all(
        this.endpoints.map((endpoint) => client.status(endpoint).catch(() => null)),
      );
      const found = statuses.findIndex(
        (status) => status !== null && status.leader === status.memberId,
      );
      if (found >= 0) return found;
      await pause();
    }
  }

  async kill(index: number): Promise<void> {
    const program = this.#running[index];
    if (program === null || program === undefined) return;
    this.#running[index] = null;
    program.child.kill('SIGKILL');
    await program.ended;
  }

  /** Starts a member again that was stopped; fulfilled when a put through it has succeeded. */
  async restart(index: number): Promise<void> {
    const plan = this.#plans[index];
    if (plan === undefined) throw new RangeError(`there is no member ${index}`);
    const program = this.#children.start(this.#command(plan));
    this.#running[index] = program;
    const ended = program.ended.then((code) => {
      throw new Error(`a server has ended (exit ${code}):\n${program.output}`);
    });
    // From the moment it is ready an end shows in the load's errors.
    ended.catch(() => undefined);
    await Promise.race([putOnce(this.endpoints[index] ?? ''), ended]);
  }

  /** With SIGTERM; they may be started again. */
  async stop(): Promise<void> {
    const programs = this.#running.splice(0, this.#running.length, ...this.#plans.map(() => null));
    const children = programs.flatMap((program) => program?.child ?? []);
    await Promise.all(children.map((child) => this.#children.stop(child)));
  }
}

async function putOnce(endpoint: string): Promise<void> {
  const deadlineMs = performance.now() + readyLimitMs;
  await using client = connect({ endpoints: [endpoint], timeoutMs: 2000 });
  for (;;) {
    if (await succeeds(client)) return;
    if (performance.now() > deadlineMs) throw new Error(`${endpoint} takes no puts`);
    await pause();
  }
}

async function succeeds(client: QuorateClient): Promise<boolean> {
  try {
    await client.put('ready', '');
    return true;
  } catch {
    return false;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryMs));
}
