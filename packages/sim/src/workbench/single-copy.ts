import { type AppliedEntry, equalBytes } from '@quorate/base';
import { InvariantViolation } from '../invariants/invariant.ts';
import type { Step } from '../linearizability/sequential-model.ts';
import {
  applyOne,
  type PreparedMachine,
  prepareMachine,
  shownOutcome,
  snapshotOf,
} from './prepared-machine.ts';
import { shown, textOf } from './shown.ts';
import type { WorkInput } from './specification.ts';
import { stateDifference } from './state-difference.ts';
import type { Subject } from './subject.ts';

interface KnownEntry {
  readonly entry: AppliedEntry;
  /** Who applied it first. */
  readonly node: number;
  /** What the single copy answered. */
  readonly result: unknown;
  readonly text: string;
}

/** What a replica was, when it did what the single copy did not. */
export interface Circumstances {
  /** Of its process, from 1. */
  readonly life: number;
  readonly isRestored: boolean;
}

interface Read {
  readonly node: number;
  readonly index: number;
  readonly query: unknown;
  readonly answer: unknown;
}

/** Snapshots are kept as far apart as makes about so many bytes an entry. */
const stateBytesAnEntry = 1000;
/** Looking for impure calls costs more than most calls of `apply`: of later ones, each so many. */
const alwaysWatched = 32;
const watchedEvery = 16;

/**
 * The state machine as it would be if nothing ever happened to it: one copy that is never stopped
 * and never restored, given one committed command after another, as soon as any replica has applied
 * it. What replicas answer, and what state they are in, is compared with it.
 */
export class SingleCopy {
  readonly #subject: Subject;
  readonly #machine: PreparedMachine;
  readonly #byIndex: (KnownEntry | undefined)[] = [];
  readonly #states = new Map<number, Uint8Array>();
  readonly #reads: Read[] = [];
  /** Of the user's model, by object. */
  readonly #modelStates = new Map<string, unknown>();
  #lastIndex = 0;
  #nextStateAt = 0;
  #applied = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#machine = prepareMachine(subject.create());
  }

  get applied(): number {
    return this.#applied;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** In the order of their indexes. */
  *entries(): Iterable<AppliedEntry> {
    for (const known of this.#byIndex) if (known !== undefined) yield known.entry;
  }

  describe(command: Uint8Array): string {
    return this.#machine.describeCommand(command);
  }

  /**
   * A replica is about to answer for an entry.
   *
   * @throws InvariantViolation
   */
  compare(node: number, entry: AppliedEntry, result: unknown, how: Circumstances): void {
    const { index, command } = entry;
    const known = this.#byIndex[index] ?? this.#take(node, entry);
    if (!equalBytes(known.entry.command, command)) {
      const why = `nodes ${known.node} and ${node} applied different commands at index ${index}`;
      throw new InvariantViolation('state-machine safety', why);
    }
    const text = textOf(result);
    if (text === known.text) return;
    throw new InvariantViolation(
      'deterministic apply',
      `node ${node} answered command ${index}, ${this.describe(command)}, with ` +
        `${this.#shownResult(result)}; a copy that was never stopped or restored answers ` +
        `${this.#shownResult(known.result)}. ${hint(node, how)}`,
    );
  }

  /**
   * Of a replica that has applied everything up to `index`, if that is where a state is known.
   *
   * @throws InvariantViolation
   */
  compareState(node: number, index: number, how: Circumstances, draw: () => Uint8Array): void {
    const expected = this.#states.get(index);
    if (expected === undefined) return;
    const difference = stateDifference(this.#subject, draw(), expected);
    if (difference === null) return;
    throw new InvariantViolation(
      'replicas are equal',
      `the state of node ${node} at command ${index}, ${this.#describeAt(index)}, is not that of ` +
        `a copy that was never stopped or restored: ${difference}. ${hint(node, how)}`,
    );
  }

  /**
   * Somebody was told that the command at `index` was applied.
   *
   * @throws InvariantViolation
   */
  acknowledged(index: number, command: Uint8Array, result: unknown): void {
    const known = this.#byIndex[index];
    const what = `command ${index}, ${this.describe(command)},`;
    if (known === undefined || !equalBytes(known.entry.command, command)) {
      const instead = known === undefined ? 'nothing' : this.describe(known.entry.command);
      const why = `${what} was acknowledged, and ${instead} was applied there`;
      throw new InvariantViolation('acknowledged commands are applied', why);
    }
    if (known.text === textOf(result)) return;
    const why =
      `${what} was acknowledged with ${this.#shownResult(result)}, and was applied with ` +
      `${this.#shownResult(known.result)}`;
    throw new InvariantViolation('acknowledged commands are applied', why);
  }

  /**
   * Somebody was told an answer that reflects everything up to `index`.
   *
   * @throws InvariantViolation
   */
  answered(read: Read): void {
    // While later commands are there already, one has to wait until they are gone through again.
    if (read.index >= this.#lastIndex) this.#checkRead(this.#machine, read);
    else this.#reads.push(read);
  }

  /**
   * All of it once more, by another copy: it has to come to the same.
   *
   * @throws InvariantViolation
   */
  replay(): void {
    const copy = prepareMachine(this.#subject.create());
    const reads = [...this.#reads].sort((a, b) => a.index - b.index);
    let nextRead = 0;
    for (const known of this.#byIndex) {
      if (known === undefined) continue;
      const { entry, text, result } = known;
      for (; (reads[nextRead]?.index ?? Infinity) < entry.index; nextRead++) {
        this.#checkRead(copy, reads[nextRead] as Read);
      }
      const again = applyOne(copy, entry);
      if (textOf(again) === text) continue;
      const why =
        `command ${entry.index}, ${this.describe(entry.command)}, was answered with ` +
        `${this.#shownResult(result)}, and with ${this.#shownResult(again)} when all commands ` +
        `were gone through again. ${sharedHint}`;
      throw new InvariantViolation('deterministic apply', why);
    }
    for (const read of reads.slice(nextRead)) this.#checkRead(copy, read);
    const difference = stateDifference(this.#subject, snapshotOf(copy), snapshotOf(this.#machine));
    if (difference === null) return;
    const why = `two copies that were given the same commands differ: ${difference}. ${sharedHint}`;
    throw new InvariantViolation('replicas are equal', why);
  }

  /** Has the state as it is now be one of those that are known. */
  keepState(): void {
    this.#states.set(this.#lastIndex, snapshotOf(this.#machine));
  }

  #take(node: number, entry: AppliedEntry): KnownEntry {
    const { index, command } = entry;
    const what = `command ${index}, ${this.describe(command)}`;
    if (index <= this.#lastIndex) {
      const why = `node ${node} applied ${what}, where no other replica had a command`;
      throw new InvariantViolation('state-machine safety', why);
    }
    const result = this.#watched(what, () => applyOne(this.#machine, entry));
    // Holes are where Raft's own entries are, and short: an array stays an array.
    while (this.#byIndex.length < index) this.#byIndex.push(undefined);
    const known = { entry, node, result, text: textOf(result) };
    this.#byIndex[index] = known;
    this.#lastIndex = index;
    this.#applied += 1;
    this.#compareWithModel(what, command, result);
    const problem = this.#subject.invariant?.(this.#machine.user) ?? null;
    if (problem !== null) throw new InvariantViolation('invariant', `after ${what}: ${problem}`);
    if (index >= this.#nextStateAt) {
      const state = snapshotOf(this.#machine);
      this.#states.set(index, state);
      this.#nextStateAt = index + Math.ceil(state.length / stateBytesAnEntry);
    }
    return known;
  }

  #watched(what: string, apply: () => unknown): unknown {
    if (this.#applied >= alwaysWatched && this.#applied % watchedEvery !== 0) return apply();
    const { tripwires } = this.#subject;
    let used: readonly string[] = [];
    tripwires.arm();
    try {
      return apply();
    } finally {
      used = tripwires.disarm();
      if (used.length > 0) this.#failImpure(what, used);
    }
  }

  #failImpure(what: string, used: readonly string[]): void {
    throw new InvariantViolation(
      'apply is pure',
      `apply used ${used.join(', ')} for ${what}: that is not the same on every replica; put ` +
        'what is needed into the command, and take the time from the entry',
    );
  }

  #compareWithModel(what: string, command: Uint8Array, result: unknown): void {
    const { model } = this.#subject;
    const outcome = this.#machine.outcomeOf(result);
    if (model === null || outcome.kind === 'refused') return;
    const input: WorkInput<unknown, unknown> = {
      kind: 'command',
      command: this.#machine.decode(command),
    };
    const output = { kind: 'command', result: outcome.value } as const;
    const operation = { kind: 'completed', client: 0, callAt: 0, returnAt: 0 } as const;
    const [part] = model.partition?.([{ ...operation, input, output }]) ?? [{ name: '' }];
    const name = part?.name ?? '';
    const state = this.#modelStates.has(name) ? this.#modelStates.get(name) : model.initial;
    const step: Step<unknown> = model.step(state, input, output);
    if (!step.legal) {
      throw new InvariantViolation(
        'model',
        `${what}, was answered with ${model.describeOutput(output)}, which the model does not ` +
          `allow in the state ${model.describeState(state)}`,
      );
    }
    this.#modelStates.set(name, step.state);
  }

  #checkRead(machine: PreparedMachine, { node, index, query, answer }: Read): void {
    const expected = machine.query(query);
    if (textOf(expected) === textOf(answer)) return;
    throw new InvariantViolation(
      'linearizability',
      `node ${node} answered query ${shown(query)} with ${shown(answer)}; by command ${index} ` +
        `the answer is ${shown(expected)}`,
    );
  }

  #shownResult(result: unknown): string {
    return shownOutcome(this.#machine.outcomeOf(result));
  }

  #describeAt(index: number): string {
    const known = this.#byIndex[index];
    return known === undefined ? 'none' : this.describe(known.entry.command);
  }
}

const sharedHint =
  'Look for a clock or randomness, for variables outside the state machine, and for a query that ' +
  'changes something.';

function hint(node: number, { life, isRestored }: Circumstances): string {
  if (isRestored) {
    return (
      `Node ${node} was restored from a snapshot before: look for state that the snapshot does ` +
      'not have, or that restoring does not bring back in the same order.'
    );
  }
  if (life > 1) {
    return (
      `It is life ${life} of node ${node}, which was given all commands again: look for ` +
      `variables outside the state machine. ${sharedHint}`
    );
  }
  return `${sharedHint} What hangs on how commands are batched differs as well.`;
}
