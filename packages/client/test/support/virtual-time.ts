import type { Timer } from '@quorate/base';

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets everything that is ready go on, until nothing is. */
export async function settle(): Promise<void> {
  // Two turns of the event loop: all promises that follow from each other are through.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

/** A clock and timers that stand still until they are told to go on. */
export class VirtualTime {
  nowMs = 0;
  readonly #tasks = new Set<Task>();
  #order = 0;

  readonly clock = { monotonicMs: (): number => this.nowMs };

  readonly timers = {
    after: (delayMs: number, callback: () => void): Timer => {
      const task = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, callback };
      this.#tasks.add(task);
      return { cancel: () => this.#tasks.delete(task) };
    },
  };

  /** How many calls are to come. */
  get waiting(): number {
    return this.#tasks.size;
  }

  /** Goes on by so much; each timer fires at its own moment, and what follows from it happens. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const due = [...this.#tasks]
        .filter(({ atMs }) => atMs <= endMs)
        .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (due === undefined) break;
      this.#tasks.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.callback();
      await settle();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** Time passes without anybody noticing, as when the process was busy or suspended. */
  jump(ms: number): void {
    this.nowMs += ms;
  }
}
