import { type AppliedEntry, equalBytes, type SnapshotSink, type StateMachine } from '@quorate/base';
import { type KvResult, KvStateMachine } from '@quorate/kv';
import { InvariantViolation } from '@quorate/sim';

export interface AppliedCommand {
  readonly index: number;
  readonly term: number;
  readonly command: Uint8Array;
  readonly result: KvResult;
  /** Who applied it first. */
  readonly node: number;
}

/**
 * What was applied at each index, by whichever replica came first. Every other must apply the same
 * commands with the same results (State-Machine Safety, figure 3.2, seen from above).
 */
export class AppliedLog {
  readonly #byIndex: (AppliedCommand | undefined)[] = [];
  readonly #fail: (error: Error) => void;
  readonly #isFirst: (entry: AppliedEntry, result: KvResult) => void;

  /**
   * @param fail is told of an InvariantViolation: one thrown here would only halt a node
   * @param isFirst is told what was applied at each index, when the first replica has
   */
  constructor(
    fail: (error: Error) => void,
    isFirst: (entry: AppliedEntry, result: KvResult) => void = () => undefined,
  ) {
    this.#fail = fail;
    this.#isFirst = isFirst;
  }

  at(index: number): AppliedCommand | undefined {
    return this.#byIndex[index];
  }

  /** In the order of their indexes. */
  *[Symbol.iterator](): Iterator<AppliedCommand> {
    for (const applied of this.#byIndex) if (applied !== undefined) yield applied;
  }

  add(node: number, entry: AppliedEntry, result: KvResult): void {
    const { index, term, command } = entry;
    const known = this.#byIndex[index];
    if (known === undefined) {
      // Holes are where Raft's own entries are, and short: an array stays an array.
      while (this.#byIndex.length < index) this.#byIndex.push(undefined);
      this.#byIndex[index] = { index, term, command, result, node };
      this.#isFirst(entry, result);
    } else if (!equalBytes(known.command, command)) {
      const why = `nodes ${known.node} and ${node} applied different commands at index ${index}`;
      this.#fail(new InvariantViolation('state-machine safety', why));
    } else if (!isSameResult(known.result, result)) {
      const why = `nodes ${known.node} and ${node} applied index ${index} with different results`;
      this.#fail(new InvariantViolation('deterministic apply', why));
    }
  }
}

/** What tells results apart cheaply; that they are right is checked once, at the end. */
export function isSameResult(a: KvResult, b: KvResult): boolean {
  if (a.kind !== b.kind || a.revision !== b.revision) return false;
  if (a.kind === 'txn') return b.kind === 'txn' && a.succeeded === b.succeeded;
  if (a.kind === 'leaseGrant') return b.kind === 'leaseGrant' && a.id === b.id;
  if (a.kind === 'leaseTick') {
    return b.kind === 'leaseTick' && a.expired.join() === b.expired.join();
  }
  if (a.kind === 'deleteRange') return b.kind === 'deleteRange' && a.deleted === b.deleted;
  return true;
}

/** The key-value store of one life of one node, watched. */
export class ObservedKv implements StateMachine<KvResult> {
  readonly machine = new KvStateMachine();
  readonly #node: number;
  readonly #log: AppliedLog;

  constructor(node: number, log: AppliedLog) {
    this.#node = node;
    this.#log = log;
  }

  apply(entries: readonly AppliedEntry[]): readonly KvResult[] {
    const results = this.machine.apply(entries);
    entries.forEach((entry, position) => {
      this.#log.add(this.#node, entry, results[position] as KvResult);
    });
    return results;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.machine.snapshot();
  }

  restore(): SnapshotSink {
    return this.machine.restore();
  }
}
