import { Worker } from 'node:worker_threads';
import { assert } from '@quorate/base';
import type { PasswordHasher } from '../core/index.ts';

/** What the thread is asked; a cost of null: to compare. */
export type BcryptJob =
  | { readonly id: number; readonly password: string; readonly cost: number; readonly hash: null }
  | { readonly id: number; readonly password: string; readonly cost: null; readonly hash: string };

export interface BcryptAnswer {
  readonly id: number;
  readonly value: string | boolean;
}

type Done = (value: string | boolean | null) => void;

/** So many may wait. At a tenth of a second each, who waits longer has given up anyway. */
const mostWaiting = 100;

const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 };

export interface BcryptPasswordsOptions {
  /** Of new hashes, from 4 to 16: each more doubles the work, of those who check as well. */
  readonly cost: number;
}

/**
 * bcrypt on a thread of its own, which starts with the first password and works on one at a time: a
 * password takes about as long as a heartbeat, and must not hold one up.
 */
export class BcryptPasswords implements PasswordHasher {
  readonly #cost: number;
  readonly #waiting = new Map<number, Done>();
  #worker: Worker | null = null;
  #nextId = 0;

  constructor({ cost }: BcryptPasswordsOptions) {
    assert(cost >= 4 && cost <= 16, 'the cost of a hash is from 4 to 16');
    this.#cost = cost;
  }

  hash(password: string, done: (hash: string | null) => void): void {
    this.#ask(
      (id) => ({ id, password, cost: this.#cost, hash: null }),
      (value) => done(typeof value === 'string' ? value : null),
    );
  }

  matches(password: string, hash: string, done: (isRight: boolean | null) => void): void {
    this.#ask(
      (id) => ({ id, password, cost: null, hash }),
      (value) => done(typeof value === 'boolean' ? value : null),
    );
  }

  /** What is waiting ends as if too much had been asked for. */
  close(): void {
    void this.#worker?.terminate();
    this.#fail();
  }

  #ask(jobOf: (id: number) => BcryptJob, done: Done): void {
    if (this.#waiting.size === mostWaiting) {
      done(null);
      return;
    }
    const worker = this.#worker ?? this.#start();
    const id = this.#nextId++;
    this.#waiting.set(id, done);
    // Whoever waits keeps the process alive, and nobody else.
    worker.ref();
    worker.postMessage(jobOf(id));
  }

  #start(): Worker {
    // Built or run from source, the worker has the extension of this file.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./bcrypt-worker.${extension}`, import.meta.url), {
      name: 'quorate-passwords',
      execArgv: [],
      resourceLimits,
    });
    worker.on('message', ({ id, value }: BcryptAnswer) => {
      const done = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
      done?.(value);
    });
    // The next password starts another one.
    worker.on('error', () => this.#fail());
    this.#worker = worker;
    return worker;
  }

  #fail(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#worker = null;
    for (const done of waiting) done(null);
  }
}
