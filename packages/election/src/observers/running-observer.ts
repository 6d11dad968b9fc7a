import { type Address, formatAddress, type Timer } from '@quorate/base';
import type { FedGroup, FedStanding } from '@quorate/host';
import { type OpenedFollower, timers } from '@quorate/node';
import type { ElectionMachine } from '../core/election-machine.ts';
import type { CallOptions, Leader } from '../election.ts';
import { ElectionListeners } from '../election-listeners.ts';
import { textOf } from '../election-value.ts';
import { LeaderWatch } from '../leader-watch.ts';
import { refuse, shown } from '../refuse-option.ts';
import type { ElectionObserver, ObserverEvents, ObserverHealth } from './observer.ts';

export interface ObserverParts {
  readonly follower: OpenedFollower;
  readonly standing: FedStanding;
  /** The state machine of the follower. */
  readonly machine: Pick<ElectionMachine, 'record'>;
  readonly maxStaleMs: number;
  /** Closes it. */
  readonly signal: AbortSignal | null;
  /** Called once all is closed. */
  readonly closed: () => void;
}

/** Who leads, by a copy of the election's record and what is told of the group's leader. */
export class RunningObserver implements ElectionObserver {
  readonly #parts: ObserverParts;
  readonly #group: FedGroup;
  readonly #listeners = new ElectionListeners(timers);
  readonly #watch: LeaderWatch;
  readonly #stop: () => void;
  readonly #aborted = (): void => void this.close();
  #staleTimer: Timer | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
    this.#group = parts.follower.group;
    this.#watch = new LeaderWatch(
      () => this.leader(),
      (leader) => this.#listeners.tell('leader', (listener) => listener(leader)),
    );
    // After each answer, with all that came with it.
    this.#stop = parts.standing.onStanding(() => this.#heard());
    parts.signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#heard();
  }

  get address(): Address | null {
    return this.#parts.follower.address;
  }

  get staleForMs(): number {
    return Math.max(0, Math.ceil(this.#parts.standing.ageMs));
  }

  leader(): Leader | null {
    const { standing, machine } = this.#parts;
    const { record } = machine;
    if (this.#closing !== null || record === null || this.#isStale()) return null;
    const { leader: id, token, term, value, held } = record;
    // As a member looks at it: what was held in another term ended with that.
    if (!held || term !== standing.term || id !== standing.leader) return null;
    const address = standing.addressOf(id);
    return { id, address, token, term, value: value.slice(), text: textOf(value) };
  }

  observe({ signal }: CallOptions = {}): AsyncIterableIterator<Leader | null> {
    return this.#watch.observe(signal);
  }

  on<Name extends keyof ObserverEvents>(name: Name, listener: ObserverEvents[Name]): () => void {
    if (name !== 'leader') {
      refuse('name', `is ${shown(name)}`, 'an observer tells of leader alone');
    }
    if (typeof listener !== 'function') {
      refuse('listener', `is ${shown(listener)}`, 'give a function');
    }
    return this.#listeners.add(name, listener);
  }

  health(): ObserverHealth {
    const { standing, follower } = this.#parts;
    return {
      isHealthy: this.#closing === null && !this.#isStale(),
      leader: this.leader(),
      term: standing.term,
      staleForMs: this.staleForMs,
      source: formatAddress(this.#group.upstream),
      silentForMs: Math.max(0, Math.ceil(standing.silentMs)),
      depth: standing.depth ?? 0,
      observers: follower.followers,
    };
  }

  metricsText(): Promise<string> {
    return this.#parts.follower.metricsText();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    const { follower, signal, closed } = this.#parts;
    this.#stop();
    this.#staleTimer?.cancel();
    this.#watch.close();
    signal?.removeEventListener('abort', this.#aborted);
    follower.close();
    closed();
  }

  #isStale(): boolean {
    return this.#parts.standing.ageMs > this.#parts.maxStaleMs;
  }

  #heard(): void {
    this.#watch.refresh();
    const { standing, maxStaleMs } = this.#parts;
    const isArmed = this.#staleTimer !== null || this.#closing !== null;
    if (isArmed || maxStaleMs === Number.POSITIVE_INFINITY || this.#isStale()) return;
    // It outlives what is heard meanwhile, and looks again then: one timer for many answers.
    const leftMs = Math.ceil(maxStaleMs - standing.ageMs) + 1;
    this.#staleTimer = timers.after(leftMs, () => {
      this.#staleTimer = null;
      this.#heard();
    });
  }
}
