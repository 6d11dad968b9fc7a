import { type AppliedEntry, equalBytes } from '@quorate/base';
import {
  AccountColumns,
  decodeLedgerCommand,
  type LedgerAnswer,
  type LedgerCommand,
  type LedgerMachine,
  type ResultsAnswer,
  TransferColumns,
} from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';
import { BooksModel } from './books-model.ts';
import { checkBooks } from './check-books.ts';
import { type MoneyMoved, noteMoved } from './money-moved.ts';
import type { SentBatch } from './sent-batch.ts';
import { stateDigest } from './state-digest.ts';

/** One entry of the log, as it was applied. */
export interface AppliedBatch {
  readonly index: number;
  readonly command: Uint8Array;
  readonly answer: LedgerAnswer;
  /** Who applied it first. */
  readonly node: number;
  /** Of the whole state behind it. */
  readonly digest: string;
  readonly timestampMicros: number;
  readonly term: number;
  /** Null: nobody's batch. */
  readonly batch: SentBatch | null;
}

/** What the log knows of the rest of the run. */
export interface LedgerLogOptions {
  /** Is told of an InvariantViolation: one thrown while a node applies would only halt it. */
  readonly fail: (error: Error) => void;
  readonly sent: ReadonlyMap<string, SentBatch>;
}

/**
 * What was applied at each index, by whichever replica came first: the model of the books is given
 * it at once. Every other replica must answer the same and come to the same state.
 */
export class LedgerLog {
  readonly model = new BooksModel();
  /** By id of the transfer: what was carried out. */
  readonly moved = new Map<bigint, MoneyMoved>();
  readonly resolved = new Map<bigint, bigint>();
  readonly #options: LedgerLogOptions;
  readonly #byIndex: (AppliedBatch | undefined)[] = [];
  readonly #transfers = new TransferColumns();
  readonly #accounts = new AccountColumns();
  #lastTimestamp = -1n;

  constructor(options: LedgerLogOptions) {
    this.#options = options;
  }

  at(index: number): AppliedBatch | undefined {
    return this.#byIndex[index];
  }

  /** In the order of their indexes. */
  *[Symbol.iterator](): Iterator<AppliedBatch> {
    for (const applied of this.#byIndex) if (applied !== undefined) yield applied;
  }

  /** @param machine has just applied the entry */
  add(node: number, entry: AppliedEntry, answer: LedgerAnswer, machine: LedgerMachine): void {
    try {
      const known = this.#byIndex[entry.index];
      if (known === undefined) this.#first(node, entry, answer, machine);
      else compare(known, { node, entry, answer, digest: stateDigest(machine) });
    } catch (error) {
      this.#options.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #first(node: number, entry: AppliedEntry, answer: LedgerAnswer, machine: LedgerMachine): void {
    const { index, term, command, timestampMicros } = entry;
    while (this.#byIndex.length < index) this.#byIndex.push(undefined);
    const { kind, batch } = this.#whatIs(command);
    const digest = stateDigest(machine);
    const applied = { index, term, command, timestampMicros, answer, node, digest, batch };
    this.#byIndex[index] = applied;
    if (answer.kind === 'refused') {
      throw new InvariantViolation('batches are taken', `index ${index}: ${answer.reason}`);
    }
    // A vote changes nothing, and no time passes by it.
    if (kind !== 'vote') this.#compareWithModel(applied, answer);
    checkBooks(machine.books.state, this.model, `node ${node} at index ${index}`);
  }

  #compareWithModel(applied: AppliedBatch, answer: ResultsAnswer): void {
    const { index, batch, node, timestampMicros } = applied;
    const expected = this.model.apply(batch, timestampMicros);
    const results = resultsOf(answer);
    if (answer.timestamp !== expected.timestamp || String(results) !== String(expected.results)) {
      throw new InvariantViolation(
        'answered as by the model',
        `node ${node} answered index ${index} (${batch?.key ?? 'pulse'}) with ` +
          `[${results.join()}] at ${answer.timestamp}, the model [${expected.results.join()}] at ` +
          `${expected.timestamp}`,
      );
    }
    if (batch === null) return;
    if (answer.timestamp <= this.#lastTimestamp) {
      const why = `index ${index} has ${answer.timestamp}, before it was ${this.#lastTimestamp}`;
      throw new InvariantViolation('timestamps rise', why);
    }
    this.#lastTimestamp = answer.timestamp + BigInt(results.length) - 1n;
    if (batch.kind === 'transfers') noteMoved(this, batch.events, results, index);
  }

  #whatIs(bytes: Uint8Array): Pick<LedgerCommand, 'kind'> & Pick<AppliedBatch, 'batch'> {
    const command = decodeLedgerCommand(bytes);
    if (typeof command === 'string') {
      throw new InvariantViolation('batches are taken', command);
    }
    const { kind } = command;
    if (kind === 'pulse' || kind === 'vote') return { kind, batch: null };
    const key = this.#keyOf(kind, command.batch);
    const batch = this.#options.sent.get(key);
    if (batch !== undefined) return { kind, batch };
    throw new InvariantViolation('no phantom', `nobody sent the batch ${key}`);
  }

  #keyOf(kind: 'accounts' | 'transfers', bytes: Uint8Array): string {
    if (kind === 'accounts') {
      this.#accounts.parse(bytes);
      return `accounts ${this.#accounts.userData32.numberAt(0)}`;
    }
    this.#transfers.parse(bytes, { allowSlots: true });
    return `transfers ${this.#transfers.id.uint128At(0)}`;
  }
}

/** @returns of each event its result */
export function resultsOf({ count, failures }: ResultsAnswer): number[] {
  const results = new Array<number>(count).fill(0);
  for (const { index, result } of failures) results[index] = result;
  return results;
}

/** @returns whether two answers are the same to the last byte */
export function isSameAnswer(one: LedgerAnswer, other: LedgerAnswer): boolean {
  if (one.kind === 'refused' || other.kind === 'refused') return one.kind === other.kind;
  return equalBytes(one.encoded(), other.encoded());
}

interface AppliedAgain {
  readonly node: number;
  readonly entry: AppliedEntry;
  readonly answer: LedgerAnswer;
  readonly digest: string;
}

function compare(known: AppliedBatch, { node, entry, answer, digest }: AppliedAgain): void {
  const { index } = known;
  if (known.term !== entry.term || !equalBytes(known.command, entry.command)) {
    const why = `nodes ${known.node} and ${node} applied different commands at index ${index}`;
    throw new InvariantViolation('state-machine safety', why);
  }
  if (!isSameAnswer(known.answer, answer)) {
    const why = `nodes ${known.node} and ${node} applied index ${index} with different results`;
    throw new InvariantViolation('deterministic apply', why);
  }
  if (known.digest === digest) return;
  throw new InvariantViolation(
    'replicas have the same state',
    `behind index ${index} node ${known.node} had ${known.digest}, node ${node} ${digest}`,
  );
}
