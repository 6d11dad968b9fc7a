import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import { equalBytes } from '@quorate/base';
import {
  decodeElectionCommand,
  ElectionMachine,
  type ElectionResult,
} from '@quorate/election/core';
import type { NodeId, Term } from '@quorate/schema';
import { InvariantViolation } from '@quorate/sim';

interface Applied {
  readonly command: Uint8Array;
  readonly result: ElectionResult;
}

/** What all replicas have applied, and who led the group in each term: the log, seen from above. */
export class ElectionLog {
  readonly #byIndex = new Map<number, Applied>();
  readonly #leaders = new Map<Term, NodeId>();
  readonly #fail: (error: Error) => void;
  #lastIndex = 0;
  #lastToken = 0n;

  /** @param fail is told of an InvariantViolation: one thrown here would only halt a node */
  constructor(fail: (error: Error) => void) {
    this.#fail = fail;
  }

  /** The node leads the group in this term. */
  leads(term: Term, node: NodeId): void {
    this.#leaders.set(term, node);
  }

  applied(node: NodeId, entry: AppliedEntry, result: ElectionResult): void {
    const { index, command } = entry;
    const known = this.#byIndex.get(index);
    if (known !== undefined) {
      const isSame = equalBytes(known.command, command) && textOf(known.result) === textOf(result);
      if (!isSame) this.#violated('deterministic apply', `node ${node} differs at index ${index}`);
      return;
    }
    this.#byIndex.set(index, { command, result });
    if (index < this.#lastIndex) return;
    this.#lastIndex = index;
    this.#judge(entry, result);
  }

  /** What was granted, against the rules that it was granted by. */
  #judge({ index, term, command: bytes }: AppliedEntry, result: ElectionResult): void {
    const command = decodeElectionCommand(bytes);
    if (command === null || result.outcome === 'refused') return;
    if (command.kind === 'lead' && result.outcome === 'led') {
      const { leader } = command;
      if (this.#leaders.get(term) !== leader || command.term !== term) {
        const why = `index ${index} grants node ${leader} term ${command.term} in term ${term}`;
        this.#violated('granted to who leads the term', why);
      }
      if (result.token <= this.#lastToken) {
        const why = `index ${index} grants token ${result.token} after ${this.#lastToken}`;
        this.#violated('tokens rise', why);
      }
      this.#lastToken = result.token;
    } else if (command.kind !== 'lead' && command.token !== this.#lastToken) {
      const why = `index ${index}: ${command.kind} of ${command.token} after ${this.#lastToken}`;
      this.#violated('an old token counts for nothing', why);
    }
  }

  #violated(invariant: string, why: string): void {
    this.#fail(new InvariantViolation(invariant, why));
  }
}

function textOf(result: ElectionResult): string {
  const token = result.outcome === 'led' ? result.token : 0n;
  return `${result.outcome} ${token} ${result.outcome === 'refused' ? result.reason : ''}`;
}

/** The state machine of one life of one node, watched. */
export class ObservedElection implements StateMachine<ElectionResult> {
  readonly machine = new ElectionMachine();
  readonly #node: NodeId;
  readonly #log: ElectionLog;

  constructor(node: NodeId, log: ElectionLog) {
    this.#node = node;
    this.#log = log;
  }

  apply(entries: readonly AppliedEntry[]): readonly ElectionResult[] {
    return entries.map((entry) => {
      const [result] = this.machine.apply([entry]) as [ElectionResult];
      this.#log.applied(this.#node, entry, result);
      return result;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.machine.snapshot();
  }

  restore(): SnapshotSink {
    return this.machine.restore();
  }
}
