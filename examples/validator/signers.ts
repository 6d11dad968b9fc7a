import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ClaimRefusal } from '@quorate/election/claims';
import type { Block, Duty, Vote } from './chain.ts';
import type { Links } from './links.ts';

/** What a signer is told. */
export type Order =
  | { readonly kind: 'duties'; readonly duties: readonly Duty[] }
  | { readonly kind: 'atNextSignature'; readonly what: 'crash' | 'stop' | null };

/** What a signer tells. */
export type Report =
  | { readonly kind: 'open' }
  | { readonly kind: 'elected'; readonly token: string }
  | { readonly kind: 'maySign'; readonly slot: number; readonly what: Content['kind'] }
  | {
      readonly kind: 'refused';
      readonly slot: number;
      readonly what: Content['kind'];
      readonly reason: ClaimRefusal;
    }
  | { readonly kind: 'signed'; readonly content: Content; readonly signature: string };

type Content = Block | Vote;

export interface SignersOptions {
  readonly ports: readonly number[];
  readonly links: Links;
  readonly directory: string;
  readonly keyFile: string;
  /** Sign on leadership alone. */
  readonly unsafe: boolean;
  readonly told: (id: number, report: Report) => void;
}

/** Three signers of one key, each a process of its own. */
export class Signers {
  readonly #options: SignersOptions;
  readonly #processes = new Map<number, ChildProcess>();
  readonly #open = new Set<number>();
  readonly #stopped = new Set<number>();

  constructor(options: SignersOptions) {
    this.#options = options;
  }

  get ids(): readonly number[] {
    return this.#options.ports.map((_, at) => at + 1);
  }

  stateOf(id: number): 'up' | 'starting' | 'stopped' | 'down' {
    if (!this.#processes.has(id)) return 'down';
    if (!this.#open.has(id)) return 'starting';
    return this.#stopped.has(id) ? 'stopped' : 'up';
  }

  async start(id: number): Promise<void> {
    if (this.#processes.has(id)) return;
    const { ports, links, directory, keyFile, unsafe, told } = this.#options;
    // Its own is where it listens; the others are reached through links.
    const peers = this.ids.map((to) => (to === id ? ports[id - 1] : links.portOf(id, to)));
    const words = ['--id', `${id}`, '--peers', peers.join(','), '--data', directory];
    const program = join(import.meta.dirname, 'signer.ts');
    const child = fork(program, [
      ...[...words, '--key-file', keyFile],
      ...(unsafe ? ['--unsafe'] : []),
    ]);
    this.#processes.set(id, child);
    const open = Promise.withResolvers<void>();
    child.on('message', (report: Report) => {
      if (report.kind === 'open') {
        this.#open.add(id);
        open.resolve();
      }
      told(id, report);
    });
    child.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.#processes.delete(id);
      this.#open.delete(id);
      this.#stopped.delete(id);
      // At the end it may be closed before it is open.
      if (code === 0) open.resolve();
      else open.reject(new Error(`signer ${id} ended with ${code ?? signal}`));
    });
    await open.promise;
  }

  order(order: Order, id?: number): void {
    for (const [one, child] of this.#processes) {
      if (id !== undefined && one !== id) continue;
      if (child.connected) child.send(order, () => undefined);
    }
  }

  stop(id: number): void {
    if (this.#processes.get(id)?.kill('SIGSTOP')) this.#stopped.add(id);
  }

  /** For the books. A second signal from here might come after what lets it go on. */
  stopsItself(id: number): void {
    this.#stopped.add(id);
  }

  go(id: number): void {
    this.#processes.get(id)?.kill('SIGCONT');
    this.#stopped.delete(id);
  }

  async kill(id: number): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async endAll(): Promise<void> {
    const ended = [...this.#processes.values()].map(async (child) => {
      const exit = once(child, 'exit');
      child.kill('SIGCONT');
      if (child.connected) child.disconnect();
      await exit;
    });
    await Promise.all(ended);
  }
}
