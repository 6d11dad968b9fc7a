import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** One connection: a psql that takes statements from its standard input. */
export class PostgresSession {
  readonly #psql: ChildProcess;
  readonly #ended: Promise<never>;
  #output = '';
  #errors = '';
  #wake: () => void = () => undefined;
  #count = 0;

  /** @param psql started with `psqlOptions`, all three streams pipes */
  constructor(psql: ChildProcess) {
    this.#psql = psql;
    psql.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake();
    });
    psql.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4096);
    });
    // A write to one that has ended says less than what it left on its standard error.
    psql.stdin?.on('error', () => undefined);
    this.#ended = new Promise<never>((_, reject) => {
      psql.once('error', reject);
      psql.once('close', () => reject(new Error(`psql ended: ${this.#errors.trim()}`)));
    });
    this.#ended.catch(() => undefined);
  }

  /**
   * One at a time.
   *
   * @param statements with the rows of a COPY and its end where there is one
   * @returns what they print: rows of columns with `|` between, without headings
   * @throws Error with psql's own words when a statement fails
   */
  async run(statements: string): Promise<string> {
    const mark = `done-${++this.#count}\n`;
    this.#output = '';
    this.#psql.stdin?.write(`${statements}\n\\echo ${mark}`);
    while (!this.#output.endsWith(mark)) {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([more, this.#ended]);
    }
    return this.#output.slice(0, -mark.length).trim();
  }

  async close(): Promise<void> {
    if (this.#psql.exitCode !== null || this.#psql.signalCode !== null) return;
    const ended = once(this.#psql, 'close');
    this.#psql.stdin?.end();
    await ended;
  }
}

export const psqlOptions: readonly string[] = ['-XqAt', '-v', 'ON_ERROR_STOP=1'];
