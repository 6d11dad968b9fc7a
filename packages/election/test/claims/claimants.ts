import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../node/free-port.ts';

/** What a claimant is asked: a claim of `content` for a block, and what comes of it. */
export interface Request {
  readonly number: number;
  readonly what: 'claim' | 'sign' | 'dieOnceClaimed' | 'dieBeforeSigning';
  readonly key: string;
  readonly slot: number;
  readonly content: number;
}

export interface Answer {
  readonly number: number;
  readonly what:
    | 'open'
    | 'elected'
    | 'sign'
    | 'signed'
    | 'unknown'
    | `refused ${string}`
    | `signature ${string}`;
}

type Asked = Omit<Request, 'number'>;

/** Three nodes of an election with claims, each a process of its own. */
export class Claimants implements AsyncDisposable {
  readonly ids = [1, 2, 3];
  /** Who was elected last. */
  leader = 0;
  readonly #words: readonly string[];
  readonly #processes = new Map<number, ChildProcess>();
  readonly #asked = new Map<number, (what: Answer['what']) => void>();
  #numbers = 0;

  private constructor(words: readonly string[]) {
    this.#words = words;
  }

  static async start(directory: string): Promise<Claimants> {
    const ports = [await freePort(), await freePort(), await freePort()];
    const claimants = new Claimants(['--ports', ports.join(','), '--data', directory]);
    await Promise.all(claimants.ids.map((id) => claimants.startOne(id)));
    return claimants;
  }

  async startOne(id: number): Promise<void> {
    const program = join(import.meta.dirname, 'claimant.ts');
    const child = fork(program, ['--id', `${id}`, ...this.#words]);
    this.#processes.set(id, child);
    const open = Promise.withResolvers<void>();
    child.on('message', ({ number, what }: Answer) => {
      if (what === 'open') open.resolve();
      if (what === 'elected') this.leader = id;
      this.#asked.get(number)?.(what);
    });
    child.once('exit', (code) => open.reject(new Error(`claimant ${id} ended with ${code}`)));
    await open.promise;
  }

  /** @returns 'unknown' also when it dies before it has answered */
  async ask(id: number, asked: Asked): Promise<Answer['what']> {
    const child = this.#of(id);
    this.#numbers += 1;
    const number = this.#numbers;
    const { promise, resolve } = Promise.withResolvers<Answer['what']>();
    const died = (): void => resolve('unknown');
    child.once('exit', died);
    this.#asked.set(number, resolve);
    child.send({ ...asked, number } satisfies Request, () => undefined);
    const what = await promise;
    child.off('exit', died);
    this.#asked.delete(number);
    return what;
  }

  /** Until somebody knows. */
  async askUntilKnown(id: number, asked: Asked): Promise<Answer['what']> {
    for (;;) {
      const what = await this.ask(id, asked);
      if (what !== 'unknown') return what;
    }
  }

  /** There may be no leader at first; then it does not come so far. */
  async askUntilDead(id: number, asked: Asked): Promise<void> {
    const child = this.#of(id);
    while (child.exitCode === null && child.signalCode === null) await this.ask(id, asked);
  }

  async kill(id: number): Promise<void> {
    const child = this.#of(id);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
  }

  #of(id: number): ChildProcess {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`claimant ${id} runs`);
    return child;
  }
}
