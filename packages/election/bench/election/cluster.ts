import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { Links } from './links.ts';
import type { Asked, MemberPlan, Told } from './member-plan.ts';

export interface ClusterPlan {
  /** What each member runs. */
  readonly program: URL;
  readonly members: number;
  /** Empty, or not there yet. */
  readonly directory: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** Null: members reach each other without links. */
  readonly delayMs: number | null;
  readonly extra?: Readonly<Record<string, string>>;
  /** Links go to these ports instead of to the members. */
  readonly targets?: readonly number[];
  /** Not to be heard on standard error: it tells of every connection that fails. */
  readonly isNoisy?: boolean;
}

/** Of both: whoever waits for longer, on a machine however busy, waits for what does not come. */
const openLimitMs = 120_000;
const waitLimitMs = 60_000;

/** All processes of all clusters, so that none outlives the bench. */
const running = new Set<ChildProcess>();

/** Fulfilled once all have ended, and write nothing more. */
export async function killAll(): Promise<void> {
  const ended = [...running].map((child) => once(child, 'exit'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
}

/** A process that ends with the bench, whatever ends that. */
export function adopt(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Members that campaign, each a process of its own, and what they tell. */
export class Cluster {
  readonly told: Told[] = [];
  readonly plan: ClusterPlan;
  readonly links: Links | null;
  /** Where the members listen, by their id less one. */
  readonly ports: readonly number[];
  readonly #children = new Map<number, ChildProcess>();
  readonly #listeners = new Set<(told: Told) => void>();
  /** The newest leader that each member knows of. */
  readonly #follows = new Map<number, bigint>();
  #newest: Told | null = null;

  private constructor(plan: ClusterPlan, ports: readonly number[], links: Links | null) {
    this.plan = plan;
    this.ports = ports;
    this.links = links;
  }

  static async start(plan: ClusterPlan): Promise<Cluster> {
    const { members, delayMs, targets } = plan;
    const ports = await freePorts(members);
    const links = delayMs === null ? null : await Links.open(members, targets ?? ports, delayMs);
    const cluster = new Cluster(plan, ports, links);
    try {
      await Promise.all(ports.map((_, at) => cluster.startOne(at + 1)));
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get ids(): number[] {
    return [...this.#children.keys()];
  }

  async startOne(id: number): Promise<void> {
    const { program, directory, heartbeatIntervalMs, electionTimeoutMs, extra = {} } = this.plan;
    const own = join(directory, `member${id}`);
    mkdirSync(own, { recursive: true });
    const targets = this.plan.targets ?? this.ports;
    const plan: MemberPlan = {
      id,
      ports: targets,
      routes: this.links?.routesOf(id, targets.length) ?? targets,
      directory: own,
      heartbeatIntervalMs,
      electionTimeoutMs,
      extra,
    };
    const child = fork(program, [JSON.stringify(plan)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', this.plan.isNoisy === true ? 'ignore' : 'inherit', 'ipc'],
    });
    adopt(child);
    this.#children.set(id, child);
    this.#follows.delete(id);
    child.once('exit', () => {
      if (this.#children.get(id) === child) this.#children.delete(id);
    });
    child.on('message', (told: Told) => this.#heard(told));
    await this.#opened(child, id);
  }

  /**
   * Of what is told from now on, the first that is meant.
   *
   * @throws Error when it does not come in time
   */
  async next(what: string, isMeant: (told: Told) => boolean, limitMs = waitLimitMs): Promise<Told> {
    const found = await this.nextOrNull(isMeant, limitMs);
    if (found !== null) return found;
    throw new Error(`${what}: not within ${limitMs} ms`);
  }

  /** As `next`; null when it does not come in time. */
  nextOrNull(isMeant: (told: Told) => boolean, limitMs: number): Promise<Told | null> {
    return new Promise((fulfil) => {
      const end = (told: Told | null): void => {
        clearTimeout(timer);
        this.#listeners.delete(listen);
        fulfil(told);
      };
      const listen = (told: Told): void => {
        if (isMeant(told)) end(told);
      };
      const timer = setTimeout(end, limitMs, null);
      this.#listeners.add(listen);
    });
  }

  /**
   * Whoever was elected last, once it leads still and every member that runs knows of it.
   *
   * @param tellFollowing whether members tell whom they follow
   */
  async settled(limitMs = waitLimitMs, tellFollowing = true): Promise<Told> {
    const untilMs = performance.now() + limitMs;
    for (;;) {
      const leader = this.#newest;
      const isKnown = (id: number): boolean =>
        !tellFollowing || this.#follows.get(id) === leader?.token;
      if (leader !== null && this.leads(leader) && this.ids.every(isKnown)) return leader;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new Error(`no leader that all know, within ${limitMs} ms`);
      await this.nextOrNull(() => true, Math.min(leftMs, 100));
    }
  }

  /** Whether no end of this leadership was told. */
  leads({ id, token }: Told): boolean {
    if (!this.#children.has(id)) return false;
    return !this.told.some((told) => {
      return told.what === 'lost' && told.id === id && told.token === token;
    });
  }

  /** @returns when, by the clock that all processes share */
  async kill(id: number): Promise<bigint> {
    const child = this.#of(id);
    const ended = once(child, 'exit');
    const atNs = process.hrtime.bigint();
    child.kill('SIGKILL');
    await ended;
    return atNs;
  }

  signal(id: number, signal: 'SIGSTOP' | 'SIGCONT'): bigint {
    const atNs = process.hrtime.bigint();
    this.#of(id).kill(signal);
    return atNs;
  }

  ask(id: number, asked: Asked): void {
    this.#of(id).send(asked);
  }

  async ended(id: number): Promise<void> {
    const child = this.#children.get(id);
    if (child !== undefined) await once(child, 'exit');
  }

  async close(): Promise<void> {
    const children = [...this.#children.values()];
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
    await this.links?.close();
  }

  async #opened(child: ChildProcess, id: number): Promise<void> {
    const opened = Promise.withResolvers<void>();
    const ended = (code: number | null): void => {
      opened.reject(new Error(`member ${id} ended with ${code} before it was open`));
    };
    const late = setTimeout(
      () => opened.reject(new Error(`member ${id} was not open within ${openLimitMs} ms`)),
      openLimitMs,
    );
    const listen = ({ what }: Told): void => {
      if (what === 'open') opened.resolve();
    };
    child.on('message', listen).once('exit', ended);
    try {
      await opened.promise;
    } finally {
      clearTimeout(late);
      child.off('message', listen).off('exit', ended);
    }
  }

  #heard(told: Told): void {
    this.told.push(told);
    const { what, id, token } = told;
    if (what === 'elected' && token > (this.#newest?.token ?? -1n)) this.#newest = told;
    if (what === 'elected' || what === 'follows') this.#follows.set(id, token);
    for (const listen of [...this.#listeners]) listen(told);
  }

  #of(id: number): ChildProcess {
    const child = this.#children.get(id);
    if (child === undefined) throw new Error(`member ${id} does not run`);
    return child;
  }
}

export function millisBetween(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / 1e6;
}

export async function pauseMs(ms: number): Promise<void> {
  await pause(ms);
}
