import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/** What a candidate told, in the order in which it arrived here. */
export interface Told {
  readonly id: number;
  readonly what:
    | 'open'
    | 'elected'
    | 'lost'
    | 'acts'
    | 'stops'
    | 'does not lead'
    | 'still leads'
    | 'leads no more';
  readonly token: bigint;
  /** When it was told, by a clock that all processes share. */
  readonly atNs: bigint;
}

interface Message {
  readonly id: number;
  readonly what: Told['what'];
  readonly token: string;
  readonly atNs: string;
}

/** Nodes of an election, each a process of its own that acts while it leads. */
export class Candidates implements AsyncDisposable {
  readonly told: Told[] = [];
  readonly #words: readonly string[];
  readonly #processes = new Map<number, ChildProcess>();
  readonly #waits = new Set<(told: Told) => void>();

  private constructor(words: readonly string[]) {
    this.#words = words;
  }

  static async start(count: number, directory: string): Promise<Candidates> {
    const ports: number[] = [];
    while (ports.length < count) ports.push(await freePort());
    const candidates = new Candidates(['--ports', ports.join(','), '--data', directory]);
    await Promise.all(ports.map((_, at) => candidates.startOne(at + 1)));
    return candidates;
  }

  async startOne(id: number): Promise<void> {
    const child = fork(join(import.meta.dirname, 'candidate.ts'), [
      '--id',
      String(id),
      ...this.#words,
    ]);
    this.#processes.set(id, child);
    const opened = Promise.withResolvers<void>();
    child.on('message', (message: Message) => {
      if (message.what === 'open') opened.resolve();
      const { token, atNs } = message;
      const told = { ...message, token: BigInt(token), atNs: BigInt(atNs) };
      this.told.push(told);
      for (const look of [...this.#waits]) look(told);
    });
    child.once('exit', (code) => opened.reject(new Error(`candidate ${id} ended with ${code}`)));
    await opened.promise;
  }

  /** Of what is told from now on, the first that is meant. */
  next(isMeant: (told: Told) => boolean): Promise<Told> {
    return new Promise((fulfil) => {
      const look = (told: Told): void => {
        if (!isMeant(told)) return;
        this.#waits.delete(look);
        fulfil(told);
      };
      this.#waits.add(look);
    });
  }

  /** Waits until somebody leads. */
  leader(): Promise<Told> {
    return this.next(({ what }) => what === 'acts');
  }

  /** Until so many acts under newer tokens than this were told. @returns the last of them */
  acts(count: number, after: bigint): Promise<Told> {
    let acts = 0;
    return this.next(({ what, token }) => {
      if (what === 'acts' && token > after) acts += 1;
      return acts === count;
    });
  }

  /** The process that leads stops itself, between two acts. */
  async stopLeader(): Promise<Told> {
    for (;;) {
      const { id } = await this.leader();
      const told = this.next(({ id: from, what }) => {
        return from === id && (what === 'stops' || what === 'does not lead');
      });
      this.#of(id).send('stop');
      const stopped = await told;
      if (stopped.what === 'stops') return stopped;
    }
  }

  signal(id: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#of(id).kill(signal);
  }

  async kill(id: number): Promise<void> {
    const child = this.#of(id);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#processes.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      child.kill('SIGCONT');
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
  }

  #of(id: number): ChildProcess {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`candidate ${id} runs`);
    return child;
  }
}
