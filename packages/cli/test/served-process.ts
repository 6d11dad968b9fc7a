import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { cleanEnvironment, programPath } from './run-program.ts';

/** A process of `quorate` that serves, ended with the test. */
export class ServedProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #hasEnded = false;

  constructor(context: TestContext, directory: string, words: readonly string[]) {
    const child = spawn(process.execPath, [programPath, ...words], {
      cwd: directory,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit').then(() => {
      this.#hasEnded = true;
      this.#tell();
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#tell();
      });
    }
    context.after(() => this.kill());
  }

  /** Resolves once it has said so. */
  async says(what: string | RegExp): Promise<void> {
    while (!this.#lines.some((line) => line.match(what) !== null)) {
      assert.ok(!this.#hasEnded, this.#lines.join('\n'));
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves with all that it has said, once it has ended by itself. */
  async ended(): Promise<string> {
    await this.#exited;
    return this.#lines.join('\n');
  }

  #tell(): void {
    for (const look of this.#waiting.splice(0)) look();
  }

  /** As an operator does. @returns all that it has said */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }

  /** As the end of its machine would. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
