import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

interface Asked {
  readonly fulfil: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** Either an answer or an error. */
interface Told {
  readonly number: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** A program of this folder in a process of its own, which is asked by messages. */
export class Program {
  static readonly #running = new Set<Program>();
  readonly #process: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #next = 1;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (told) => {
      const { number, answer, error } = told as Told;
      const asked = this.#asked.get(number);
      this.#asked.delete(number);
      if (error === undefined) asked?.fulfil(answer as never);
      else asked?.reject(new Error(error));
    });
    Program.#running.add(this);
    process.on('exit', (code, signal) => {
      Program.#running.delete(this);
      const error = new Error(`the process ended with ${signal ?? code}`);
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
    });
  }

  /** Ready once it has opened what it opens. */
  static async start(program: string, ...words: string[]): Promise<Program> {
    const started = new Program(fork(join(import.meta.dirname, program), words));
    await started.ask('open');
    return started;
  }

  ask<Answer>(question: unknown): Promise<Answer> {
    const number = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#asked.set(number, { fulfil: resolve, reject });
    this.#process.send({ number, question });
    return promise;
  }

  /** As a power cut of that process: nothing is finished, nobody is told. */
  async kill(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  static async stopAll(): Promise<void> {
    const ended = [...Program.#running].map((program) => {
      if (program.#process.connected) program.#process.disconnect();
      return once(program.#process, 'exit');
    });
    await Promise.all(ended);
  }
}

/** In such a process: answers what it is asked, until whoever started it is gone. */
export function serve<Question>(
  answer: (question: Question) => unknown,
  closed: () => Promise<void>,
): void {
  process.on('message', (asked) => {
    const { number, question } = asked as Record<string, unknown>;
    const given = question === 'open' ? null : answer(question as Question);
    Promise.resolve(given).then(
      (told) => process.send?.({ number, answer: told }),
      (error: unknown) => process.send?.({ number, error: String(error) }),
    );
  });
  process.on('disconnect', () => void closed());
}
