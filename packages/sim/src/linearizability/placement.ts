import { Prng } from '@quorate/base';
import type { Configuration } from './failed-configurations.ts';
import { LinkedLists } from './linked-lists.ts';
import type { Problem } from './problem.ts';
import type { Reach } from './reach.ts';

/**
 * Which operations have found their place so far, in which order, and what that leaves: all kept up
 * to date by `place` and undone by `backTo`.
 */
export class Placement {
  readonly #problem: Problem<unknown, unknown, unknown>;
  readonly #trail: number[] = [];
  readonly #lastPlacedBefore: number[] = [];
  /** Calls and returns of completed operations that are not placed. */
  readonly #events: LinkedLists;
  /** By label: its observers by their returns, and by their calls; its writers by their calls. */
  readonly #observers: LinkedLists;
  readonly #observersByCall: LinkedLists;
  readonly #writers: LinkedLists;
  /** Completed operations that overwrite, by their returns; those that are sensitive, by calls. */
  readonly #overwriting: LinkedLists;
  readonly #sensitive: LinkedLists;
  readonly #lists: readonly LinkedLists[];
  readonly #placed: Int32Array;
  readonly #used: Int32Array;
  /** For each operation a random number; those of the placed ones, combined, are their hash. */
  readonly #hashes: Int32Array;
  readonly #classOf: Int32Array;
  readonly #usedOfClass: Int32Array;
  #placedHash = 0;
  #lastPlaced = -1;
  #missing: number;

  constructor(problem: Problem<unknown, unknown, unknown>, reach: Reach) {
    const { completed, operations, openClasses, labels, callRanks } = problem;
    const all = operations.length;
    this.#problem = problem;
    this.#missing = completed;
    const events = problem.events.filter((event) => event < 2 * completed);
    this.#events = new LinkedLists(2 * completed, [events]);
    const byCall = (a: number, b: number): number =>
      (callRanks[a] as number) - (callRanks[b] as number);
    const observers = labels?.observers ?? [];
    this.#observers = new LinkedLists(all, observers);
    this.#observersByCall = new LinkedLists(
      all,
      observers.map((members) => members.toSorted(byCall)),
    );
    this.#writers = new LinkedLists(all, labels?.writers ?? []);
    this.#overwriting = new LinkedLists(all, [reach.overwriting]);
    this.#sensitive = new LinkedLists(all, [reach.sensitive]);
    this.#lists = [
      this.#observers,
      this.#observersByCall,
      this.#writers,
      this.#overwriting,
      this.#sensitive,
    ];
    this.#placed = new Int32Array((completed + 31) >> 5);
    this.#used = new Int32Array((all - completed + 31) >> 5);
    const prng = new Prng(completed);
    this.#hashes = Int32Array.from({ length: completed }, () => prng.uint32());
    this.#classOf = new Int32Array(all);
    for (const [number, members] of openClasses.entries()) {
      for (const operation of members) this.#classOf[operation] = number;
    }
    this.#usedOfClass = new Int32Array(openClasses.length);
  }

  /** Operations in the order of their placing. */
  get trail(): readonly number[] {
    return this.#trail;
  }

  /** Completed operations without a place. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * Completed operations that may come next: those called before any that is missing returned.
   *
   * @param after the one before, to go on; -1 to begin. It may have been placed since
   * @returns -1: there are no more
   */
  nextCandidate(after: number): number {
    const event = after === -1 ? this.#events.first(0) : this.#events.after(2 * after);
    return event === -1 || event & 1 ? -1 : event >> 1;
  }

  /** Where in the order of events the first missing operation returned; Infinity: none is. */
  firstReturnRank(): number {
    let event = this.#events.first(0);
    while (event !== -1 && !(event & 1)) event = this.#events.after(event);
    return event === -1 ? Infinity : (this.#problem.returnRanks[event >> 1] as number);
  }

  /** The open operation of its class that would be used next. -1: all are used up. */
  nextOpen(openClass: number): number {
    const used = this.#usedOfClass[openClass] as number;
    return this.#problem.openClasses[openClass]?.[used] ?? -1;
  }

  /**
   * Whether an operation is missing that needs `label` once more while nothing can bring it back in
   * time. To be asked when a state of another label has just been reached.
   */
  isLost(label: number): boolean {
    const observer = this.#observers.first(label);
    if (observer === -1) return false;
    const writer = this.#writers.first(label);
    if (writer === -1) return true;
    const { callRanks, returnRanks } = this.#problem;
    return (callRanks[writer] as number) > (returnRanks[observer] as number);
  }

  /** Whether an operation that is not placed observes `label` and was called before `rank`. */
  hasObserverBefore(label: number, rank: number): boolean {
    const { callRanks } = this.#problem;
    const observer = this.#observersByCall.first(label);
    if (observer !== -1 && (callRanks[observer] as number) < rank) return true;
    return this.hasOpenObserverBefore(label, rank);
  }

  /** Whether an open operation that was not used observes `label` and was called before `rank`. */
  hasOpenObserverBefore(label: number, rank: number): boolean {
    const { callRanks, labels } = this.#problem;
    for (const open of labels?.openObservers[label] ?? []) {
      if ((callRanks[open] as number) >= rank) return false;
      if (!this.isPlaced(open)) return true;
    }
    return false;
  }

  /** The first return of an operation that is missing and overwrites; Infinity: there is none. */
  coveringRank(): number {
    const operation = this.#overwriting.first(0);
    return operation === -1 ? Infinity : (this.#problem.returnRanks[operation] as number);
  }

  /** Missing sensitive operations in the order of their calls. @param after -1: the first */
  nextSensitive(after: number): number {
    return after === -1 ? this.#sensitive.first(0) : this.#sensitive.after(after);
  }

  isPlaced(operation: number): boolean {
    const { completed } = this.#problem;
    const bit = operation < completed ? operation : operation - completed;
    const bits = operation < completed ? this.#placed : this.#used;
    return ((bits[bit >> 5] as number) & (1 << (bit & 31))) !== 0;
  }

  place(operation: number): void {
    this.#trail.push(operation);
    this.#lastPlacedBefore.push(this.#lastPlaced);
    for (const list of this.#lists) list.take(operation);
    if (operation >= this.#problem.completed) {
      this.#turnOpen(operation, 1);
      return;
    }
    this.#events.take(2 * operation);
    this.#events.take(2 * operation + 1);
    this.#turnPlaced(operation);
    this.#missing -= 1;
    if (operation > this.#lastPlaced) this.#lastPlaced = operation;
  }

  /** Takes back the operations placed last, until `length` are left. */
  backTo(length: number): void {
    while (this.#trail.length > length) {
      const operation = this.#trail.pop() as number;
      if (operation >= this.#problem.completed) {
        this.#turnOpen(operation, -1);
      } else {
        this.#missing += 1;
        this.#turnPlaced(operation);
        this.#events.putBack(2 * operation + 1);
        this.#events.putBack(2 * operation);
      }
      for (const list of this.#lists) list.putBack(operation);
      this.#lastPlaced = this.#lastPlacedBefore.pop() as number;
    }
  }

  /** Shares memory with this: valid until the next change. */
  configuration(state: number): Configuration {
    const event = this.#events.first(0);
    return {
      state,
      placed: this.#placed,
      placedHash: this.#placedHash,
      firstMissing: event === -1 ? this.#problem.completed : event >> 1,
      lastPlaced: this.#lastPlaced,
      used: this.#used,
    };
  }

  #turnPlaced(operation: number): void {
    const word = operation >> 5;
    this.#placed[word] = (this.#placed[word] as number) ^ (1 << (operation & 31));
    this.#placedHash ^= this.#hashes[operation] as number;
  }

  #turnOpen(operation: number, by: 1 | -1): void {
    const bit = operation - this.#problem.completed;
    this.#used[bit >> 5] = (this.#used[bit >> 5] as number) ^ (1 << (bit & 31));
    const openClass = this.#classOf[operation] as number;
    this.#usedOfClass[openClass] = (this.#usedOfClass[openClass] as number) + by;
  }
}
