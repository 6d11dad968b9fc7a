import type { Timers } from '@quorate/base';
import type { ElectionEvents } from './election.ts';

type Listeners = { readonly [Name in keyof ElectionEvents]: Set<ElectionEvents[Name]> };

/** Whoever is told of events, by the event's name. */
export class ElectionListeners {
  readonly #timers: Pick<Timers, 'defer'>;
  readonly #listeners: Listeners = { elected: new Set(), lost: new Set(), leader: new Set() };

  /** @param timers for what listeners throw: it must not keep others from hearing */
  constructor(timers: Pick<Timers, 'defer'>) {
    this.#timers = timers;
  }

  static has(name: unknown): name is keyof ElectionEvents {
    return name === 'elected' || name === 'lost' || name === 'leader';
  }

  /** @returns stops listening */
  add<Name extends keyof ElectionEvents>(name: Name, listener: ElectionEvents[Name]): () => void {
    const set: Set<ElectionEvents[Name]> = this.#listeners[name];
    set.add(listener);
    return () => void set.delete(listener);
  }

  tell<Name extends keyof ElectionEvents>(
    name: Name,
    call: (listener: ElectionEvents[Name]) => void,
  ): void {
    const listeners: Set<ElectionEvents[Name]> = this.#listeners[name];
    for (const listener of [...listeners]) {
      try {
        call(listener);
      } catch (error) {
        this.#timers.defer(() => {
          throw error;
        });
      }
    }
  }
}
