import { assert } from '@quorate/base';

interface Scheduled {
  readonly atMs: number;
  /** Breaks ties by the order of scheduling, so that a run is the same on every machine. */
  readonly order: number;
  callback: (() => void) | null;
}

export interface ScheduledEvent {
  cancel(): void;
}

/**
 * Virtual time: events happen in the order of their times, one after another, and time jumps from
 * one to the next. Nothing runs beside them, so one seed decides everything.
 */
export class Scheduler {
  #heap: Scheduled[] = [];
  #nowMs = 0;
  #nextOrder = 0;
  #executed = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events executed since the beginning. */
  get executed(): number {
    return this.#executed;
  }

  schedule(delayMs: number, callback: () => void): ScheduledEvent {
    assert(delayMs >= 0, 'an event lies in the future');
    const event: Scheduled = { atMs: this.#nowMs + delayMs, order: this.#nextOrder++, callback };
    this.#push(event);
    return {
      cancel: () => {
        event.callback = null;
      },
    };
  }

  /** Executes the next event. @returns false when none is left at or before `untilMs` */
  step(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      this.#pop();
      const { callback } = next;
      if (callback === null) continue;
      this.#nowMs = next.atMs;
      this.#executed += 1;
      callback();
      return true;
    }
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Scheduled)) break;
      heap[at] = heap[parent] as Scheduled;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Scheduled;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        isBefore(heap[child + 1] as Scheduled, heap[child] as Scheduled)
      ) {
        child++;
      }
      if (!isBefore(heap[child] as Scheduled, last)) break;
      heap[at] = heap[child] as Scheduled;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
