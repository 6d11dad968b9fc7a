import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '../node/free-port.ts';
import { LeadershipJudge } from './leadership-judge.ts';
import { Links } from './links.ts';
import { type Command, type Message, type Told, toldBy } from './told.ts';

/** What sets candidates apart from good ones. */
export interface Nature {
  /** In the order of their ids; 1 where there is none. */
  readonly clockRates: readonly number[];
  /** They act until they are told of the loss, and do not look at the clock. */
  readonly isCareless: boolean;
}

/** Nodes of an election, each a process of its own that acts while it leads. */
export class Candidates implements AsyncDisposable {
  readonly judge = new LeadershipJudge();
  readonly links: Links;
  readonly ids: readonly number[];
  readonly #ports: readonly number[];
  readonly #directory: string;
  readonly #nature: Nature;
  readonly #processes = new Map<number, ChildProcess>();
  readonly #listeners = new Set<(told: Told) => void>();
  /** Processes that ended although nobody had told them to. */
  readonly crashes: string[] = [];

  private constructor(ports: readonly number[], links: Links, directory: string, nature: Nature) {
    this.#nature = nature;
    this.#ports = ports;
    this.ids = ports.map((_, at) => at + 1);
    this.links = links;
    this.#directory = directory;
  }

  static async start(
    count: number,
    directory: string,
    nature: Nature = { clockRates: [], isCareless: false },
  ): Promise<Candidates> {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePort());
    const links = await Links.open(ports);
    const candidates = new Candidates(ports, links, directory, nature);
    try {
      await candidates.startAll();
    } catch (error) {
      await candidates[Symbol.asyncDispose]();
      throw error;
    }
    return candidates;
  }

  /** Those that do not run. @returns what each told first */
  startAll(): Promise<readonly Told[]> {
    const missing = this.ids.filter((id) => !this.#processes.has(id));
    return Promise.all(missing.map((id) => this.startOne(id)));
  }

  async startOne(id: number): Promise<Told> {
    const { clockRates, isCareless } = this.#nature;
    const words = [
      ...['--id', String(id)],
      ...['--ports', this.#ports.join(',')],
      ...['--routes', this.links.routesOf(id).join(',')],
      ...['--data', this.#directory],
      ...(isCareless ? ['--careless'] : []),
    ];
    const clockRate = String(clockRates[id - 1] ?? 1);
    const child = fork(join(import.meta.dirname, 'candidate.ts'), words, {
      execArgv: ['--import', pathToFileURL(join(import.meta.dirname, 'altered-clock.ts')).href],
      env: { ...process.env, ELECTION_CLOCK_RATE: clockRate },
    });
    this.#processes.set(id, child);
    const opened = Promise.withResolvers<Told>();
    child.on('message', (message: Message) => {
      const told = toldBy(message);
      this.judge.heard(told);
      if (told.what === 'open') opened.resolve(told);
      for (const look of [...this.#listeners]) look(told);
    });
    child.once('exit', (code, signal) => {
      const problem = `candidate ${id} ended with ${code ?? signal}`;
      if (signal !== 'SIGKILL' && code !== 0) this.crashes.push(problem);
      opened.reject(new Error(problem));
    });
    return opened.promise;
  }

  /** Of what is told from now on, the first that is meant. */
  next(isMeant: (told: Told) => boolean): Promise<Told> {
    return new Promise((fulfil) => {
      const look = (told: Told): void => {
        if (!isMeant(told)) return;
        this.#listeners.delete(look);
        fulfil(told);
      };
      this.#listeners.add(look);
    });
  }

  /** All that is told from now on. @returns what there is so far, and more later */
  record(): readonly Told[] {
    const all: Told[] = [];
    this.listen((told) => void all.push(told));
    return all;
  }

  listen(listener: (told: Told) => void): void {
    this.#listeners.add(listener);
  }

  /** Waits until somebody acts under a newer token than this. */
  leader(after = 0n): Promise<Told> {
    return this.acts(1, after);
  }

  /** Until so many acts under newer tokens than this were told. @returns the last of them */
  acts(count: number, after = 0n): Promise<Told> {
    let acts = 0;
    return this.next(({ what, token }) => {
      if (what === 'acts' && token > after) acts += 1;
      return acts === count;
    });
  }

  /** The process that leads does so, however often that one has just lost. @returns its word */
  async commandLeader(command: Command): Promise<Told> {
    for (;;) {
      const { id } = await this.leader();
      const told = this.next(({ id: from, what }) => {
        return from === id && (what === 'stands' || what === 'does not lead');
      });
      this.command(id, command);
      const answer = await told;
      if (answer.what === 'stands') return answer;
    }
  }

  command(id: number, command: Command): void {
    this.#processes.get(id)?.send(command, () => undefined);
  }

  isRunning(id: number): boolean {
    return this.#processes.has(id);
  }

  signal(id: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#processes.get(id)?.kill(signal);
  }

  async kill(id: number): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined) return;
    this.#processes.delete(id);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.ids.map((id) => this.kill(id)));
  }

  /** Of one that does not run. */
  loseDirectory(id: number): void {
    rmSync(join(this.#directory, `node${id}`), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      child.kill('SIGCONT');
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
    await this.links[Symbol.asyncDispose]();
  }
}
