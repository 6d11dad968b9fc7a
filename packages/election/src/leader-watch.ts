import { equalBytes } from '@quorate/base';
import type { Leader } from './election.ts';

/** Follows who leads, for those who want to hear the latest, and need not hear all. */
export class LeaderWatch {
  readonly #look: () => Leader | null;
  readonly #changed: (leader: Leader | null) => void;
  readonly #wakes = new Set<() => void>();
  #latest: Leader | null = null;
  /** Counts changes. */
  #version = 0;
  #isTelling = false;
  #isClosed = false;

  /**
   * @param look who leads now
   * @param changed told of each change, in order; must not throw
   */
  constructor(look: () => Leader | null, changed: (leader: Leader | null) => void) {
    this.#look = look;
    this.#changed = changed;
  }

  /** Something has happened after which somebody else may lead. */
  refresh(): void {
    // What a listener brings about is told once all have heard what it was told.
    if (this.#isTelling) return;
    for (;;) {
      const leader = this.#look();
      if (isSame(leader, this.#latest)) return;
      this.#latest = leader;
      this.#version += 1;
      this.#isTelling = true;
      this.#changed(leader);
      this.#isTelling = false;
      this.#wakeAll();
    }
  }

  observe(signal: AbortSignal | undefined): AsyncIterableIterator<Leader | null> {
    let isOver = this.#isClosed || signal?.aborted === true;
    let wake = (): void => undefined;
    const woken = (): void => wake();
    const end = (): void => {
      isOver = true;
      this.#wakes.delete(woken);
      signal?.removeEventListener('abort', end);
      wake();
    };
    if (!isOver) {
      this.#wakes.add(woken);
      signal?.addEventListener('abort', end, { once: true });
    }
    const drawn = this.#draw(
      () => isOver || this.#isClosed,
      (resume) => {
        wake = resume;
      },
    );
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => drawn.next(),
      // A generator that was never begun, or waits, would not see to its end.
      return: () => {
        end();
        return drawn.return();
      },
    };
  }

  /** Ends all observation. */
  close(): void {
    this.#isClosed = true;
    this.#wakeAll();
    this.#wakes.clear();
  }

  async *#draw(
    isOver: () => boolean,
    onWake: (resume: () => void) => void,
  ): AsyncGenerator<Leader | null, void, void> {
    let seen = -1;
    while (!isOver()) {
      if (seen === this.#version) {
        await new Promise<void>(onWake);
        continue;
      }
      seen = this.#version;
      yield this.#latest;
    }
  }

  #wakeAll(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}

function isSame(one: Leader | null, other: Leader | null): boolean {
  if (one === null || other === null) return one === other;
  const isSameWord = one.address === other.address && equalBytes(one.value, other.value);
  return one.token === other.token && isSameWord;
}
