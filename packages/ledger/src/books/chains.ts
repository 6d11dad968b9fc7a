/** The numbers that both lists of results share. */
const ok = 0;
const linkedEventFailed = 1;
const linkedEventChainOpen = 2;

/** What `ChainRunner` needs of accounts or transfers. */
export interface ChainedEvents {
  /** @returns the result; one that is not ok has changed nothing */
  apply(row: number): number;
  /** The event's own result stands, whatever becomes of its chain. */
  failed(row: number, result: number): void;
}

/** What a chain that fails takes back. */
export interface ChainUndo {
  begin(): void;
  commit(): void;
  rollback(): void;
}

/**
 * Puts events through one by one, and stands or falls with those that are linked. Results of a
 * chain are only final at its end.
 */
export class ChainRunner {
  readonly #undo: ChainUndo;
  /** The first event of the chain under way; -1: there is none. */
  #first = -1;
  #isBroken = false;

  constructor(undo: ChainUndo) {
    this.#undo = undo;
  }

  /** Whether an event that is not linked itself would stand by itself. */
  get isWithin(): boolean {
    return this.#first >= 0;
  }

  /** @param results of this batch; of the chain's earlier events they change when it breaks */
  run(
    events: ChainedEvents,
    row: number,
    isLinked: boolean,
    isLast: boolean,
    results: Uint8Array,
  ): void {
    if (this.#first < 0) {
      if (!isLinked) {
        const result = events.apply(row);
        results[row] = result;
        if (result !== ok) events.failed(row, result);
        return;
      }
      this.#first = row;
      this.#isBroken = false;
      this.#undo.begin();
    }
    const isOpen = isLinked && isLast;
    let result: number = linkedEventFailed;
    if (isOpen) result = linkedEventChainOpen;
    else if (!this.#isBroken) result = events.apply(row);
    results[row] = result;
    if (!this.#isBroken && result !== ok) {
      this.#isBroken = true;
      this.#undo.rollback();
      results.fill(linkedEventFailed, this.#first, row);
      events.failed(row, result);
    }
    if (isLinked && !isLast) return;
    if (!this.#isBroken) this.#undo.commit();
    this.#first = -1;
  }
}
