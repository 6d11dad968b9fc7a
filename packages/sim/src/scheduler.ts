import { assert } from '@quorate/base';

/** Something that happens once, at its time, unless it is cancelled before. */
export abstract class ScheduledEvent {
  /** Set by the scheduler. */
  atMs = 0;
  /** Breaks ties by the order of scheduling, so that a run is the same on every machine. */
  order = 0;
  isCancelled = false;

  abstract happen(): void;

  /** Idempotent; what has happened already is not undone. */
  cancel(): void {
    this.isCancelled = true;
  }
}

class Call extends ScheduledEvent {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  happen(): void {
    this.#callback();
  }
}

/**
 * Virtual time: events happen in the order of their times, one after another, and time jumps from
 * one to the next. Nothing runs beside them, so one seed decides everything.
 */
export class Scheduler {
  readonly #heap: ScheduledEvent[] = [];
  /** Due at the present time: behind those of the heap that are, which were scheduled earlier. */
  #present: ScheduledEvent[] = [];
  #presentAt = 0;
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
    const event = new Call(callback);
    this.add(delayMs, event);
    return event;
  }

  /** As `schedule`, for an event that is at nobody's disposal but its maker's. */
  add(delayMs: number, event: ScheduledEvent): void {
    assert(delayMs >= 0, 'an event lies in the future');
    const atMs = this.#nowMs + delayMs;
    event.atMs = atMs;
    event.order = this.#nextOrder++;
    if (atMs === this.#nowMs) this.#present.push(event);
    else this.#push(event);
  }

  /** Executes the next event. @returns false when none is left at or before `untilMs` */
  step(untilMs: number): boolean {
    for (;;) {
      const event = this.#next(untilMs);
      if (event === null) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      if (event.isCancelled) continue;
      this.#nowMs = event.atMs;
      this.#executed += 1;
      event.happen();
      return true;
    }
  }

  /** Takes the next event, a cancelled one too. */
  #next(untilMs: number): ScheduledEvent | null {
    const first = this.#heap[0];
    if (this.#presentAt < this.#present.length) {
      if (this.#nowMs > untilMs) return null;
      if (first === undefined || first.atMs > this.#nowMs) return this.#shift();
    }
    if (first === undefined || first.atMs > untilMs) return null;
    this.#pop();
    return first;
  }

  #shift(): ScheduledEvent {
    const event = this.#present[this.#presentAt++] as ScheduledEvent;
    if (this.#presentAt === this.#present.length) {
      this.#present.length = 0;
      this.#presentAt = 0;
    }
    return event;
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as ScheduledEvent)) break;
      heap[at] = heap[parent] as ScheduledEvent;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as ScheduledEvent;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length &&
        isBefore(heap[child + 1] as ScheduledEvent, heap[child] as ScheduledEvent)
      ) {
        child++;
      }
      if (!isBefore(heap[child] as ScheduledEvent, last)) break;
      heap[at] = heap[child] as ScheduledEvent;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
