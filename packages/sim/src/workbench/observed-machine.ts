import {
  type AppliedEntry,
  type Clock,
  concatBytes,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { guardMachine } from '@quorate/runtime';
import { InvariantViolation } from '../invariants/invariant.ts';
import {
  type PreparedMachine,
  prepareMachine,
  shownOutcome,
  snapshotOf,
} from './prepared-machine.ts';
import type { SingleCopy } from './single-copy.ts';
import { stateDifference } from './state-difference.ts';
import type { Subject } from './subject.ts';

export interface ObservedMachineOptions {
  readonly subject: Subject;
  readonly node: number;
  /** Of the node's process, from 1. */
  readonly life: number;
  readonly copy: SingleCopy;
  /** Is told of an InvariantViolation: one thrown here would only halt a node. */
  readonly fail: (error: Error) => void;
  readonly restored: () => void;
  /** Of a run that is looked at: a line about what happens. */
  readonly note: ((text: string) => void) | null;
}

const noLog = (): void => undefined;
const silentLogger = {
  debug: noLog,
  info: noLog,
  warn: noLog,
  error: noLog,
  child: () => silentLogger,
};
/** No virtual time passes in a call. */
const stoppedClock: Clock = { monotonicMs: () => 0, wallMicros: () => 0 };

/** The state machine of one life of one node, held against the single copy. */
export class ObservedMachine implements StateMachine<unknown> {
  readonly prefetch?: NonNullable<StateMachine<unknown>['prefetch']>;
  readonly machine: PreparedMachine;
  readonly #options: ObservedMachineOptions;
  readonly #guarded: StateMachine<unknown>;
  #isRestored = false;

  constructor(options: ObservedMachineOptions) {
    this.#options = options;
    this.machine = prepareMachine(options.subject.create());
    const guarded = guardMachine(this.machine, { clock: stoppedClock, logger: silentLogger });
    this.#guarded = guarded;
    if (guarded.prefetch !== undefined) this.prefetch = guarded.prefetch.bind(guarded);
  }

  apply(entries: readonly AppliedEntry[]): readonly unknown[] {
    const results = this.#attempt(() => this.#guarded.apply(entries));
    this.#judge(() => {
      const { node, copy, subject, note } = this.#options;
      for (const [at, entry] of entries.entries()) {
        if (note !== null) note(this.#applied(entry, results[at]));
        copy.compare(node, entry, results[at], this.#circumstances);
      }
      const index = entries.at(-1)?.index ?? 0;
      const problem = subject.invariant?.(this.machine.user) ?? null;
      if (problem !== null) {
        const why = `on node ${node} after command ${index}: ${problem}`;
        throw new InvariantViolation('invariant', why);
      }
      this.compareState(index);
    });
    return results;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.#attempt(() => this.#guarded.snapshot());
  }

  restore(): SnapshotSink {
    const sink = this.#attempt(() => this.#guarded.restore());
    const chunks: Uint8Array[] = [];
    return {
      chunk: (bytes) => {
        chunks.push(new Uint8Array(bytes));
        this.#attempt(() => sink.chunk(bytes));
      },
      finish: () => {
        this.#attempt(() => sink.finish());
        this.#isRestored = true;
        this.#options.restored();
        this.#options.note?.(`n${this.#options.node} is restored from a snapshot`);
        this.#judge(() => this.#compareRestored(concatBytes(chunks)));
      },
    };
  }

  #applied({ index, command }: AppliedEntry, result: unknown): string {
    const { machine } = this;
    const what = `${index} ${machine.describeCommand(command)}`;
    return `n${this.#options.node} applies ${what} = ${shownOutcome(machine.outcomeOf(result))}`;
  }

  /** @throws InvariantViolation when it is known what the state must be by then, and it is not */
  compareState(index: number): void {
    const { node, copy } = this.#options;
    copy.compareState(node, index, this.#circumstances, () => snapshotOf(this.machine));
  }

  get #circumstances(): { readonly life: number; readonly isRestored: boolean } {
    return { life: this.#options.life, isRestored: this.#isRestored };
  }

  #compareRestored(bytes: Uint8Array): void {
    const { node, subject } = this.#options;
    const difference = stateDifference(subject, bytes, snapshotOf(this.machine));
    if (difference === null) return;
    throw new InvariantViolation(
      'a snapshot brings back the state',
      `node ${node} was restored, and gives another snapshot than it was restored from: ` +
        `${difference}. Restoring has to bring back all that a snapshot has, in the same order`,
    );
  }

  /** What the state machine throws halts the node; the run is over already. */
  #attempt<Value>(call: () => Value): Value {
    try {
      return call();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const { node } = this.#options;
      const violation = new InvariantViolation('contract', `on node ${node}, ${why}`);
      violation.cause = error;
      this.#options.fail(violation);
      throw error;
    }
  }

  #judge(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#options.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
