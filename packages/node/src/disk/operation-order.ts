/** What an operation does to a file, as far as the order of operations is concerned. */
export interface Access {
  readonly kind: 'read' | 'write' | 'durableWrite' | 'sync' | 'close';
  /** First byte and the byte after the last; both 0 for `sync` and `close`. */
  readonly start: number;
  readonly end: number;
}

interface Operation {
  readonly access: Access;
  readonly run: (finished: () => void) => void;
  /** A read that may meet the end of the file, which a later write would move. */
  readonly readsEnd: boolean;
  started: boolean;
}

function writes(access: Access): boolean {
  return access.kind === 'write' || access.kind === 'durableWrite';
}

/** Whether carrying out both at once could be told from carrying out one after the other. */
function conflict(a: Operation, b: Operation): boolean {
  if (a.access.kind === 'close' || b.access.kind === 'close') return true;
  // The disk thread keeps the order of what it is given.
  if (a.access.kind === 'durableWrite' && b.access.kind === 'durableWrite') return false;
  const reads = a.access.kind === 'read' ? a : b.access.kind === 'read' ? b : null;
  if (reads === null) return true;
  const other = reads === a ? b : a;
  if (!writes(other.access)) return false;
  if (reads.readsEnd) return true;
  return other.access.start < reads.access.end && reads.access.start < other.access.end;
}

/**
 * Carries out the operations on one file as if one after the other, in the order of submission,
 * although several threads do the work.
 *
 * Why not simply one at a time: a follower that catches up reads the very file the log is appended
 * to, and an append must not wait for a cold read elsewhere in it.
 */
export class OperationOrder {
  /** In order of submission, finished ones removed; rarely more than two. */
  readonly #operations: Operation[] = [];
  /** Of the file once everything submitted so far is done. */
  #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** @param run begins the operation, now or later, and calls `finished` exactly once at its end */
  submit(access: Access, run: (finished: () => void) => void): void {
    const readsEnd = access.kind === 'read' && access.end > this.#size;
    if (writes(access)) this.#size = Math.max(this.#size, access.end);
    const operation: Operation = { access, run, readsEnd, started: false };
    this.#operations.push(operation);
    this.#startIfFree(operation, this.#operations.length - 1);
  }

  #startIfFree(operation: Operation, position: number): void {
    for (let i = 0; i < position; i++) {
      if (conflict(this.#operations[i] as Operation, operation)) return;
    }
    operation.started = true;
    operation.run(() => this.#finish(operation));
  }

  #finish(operation: Operation): void {
    this.#operations.splice(this.#operations.indexOf(operation), 1);
    // A copy, because what is started may submit more.
    for (const waiting of [...this.#operations]) {
      if (!waiting.started) this.#startIfFree(waiting, this.#operations.indexOf(waiting));
    }
  }
}
