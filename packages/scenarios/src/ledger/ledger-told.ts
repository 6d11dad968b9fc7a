import type { LedgerAnswer, NewTransfer } from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';
import type { WriteAnswer } from '../kv/write-path.ts';
import { isSameAnswer, type LedgerLog, resultsOf } from './ledger-log.ts';
import type { SentBatch } from './sent-batch.ts';

/** A read that begins now sees at least this. */
export interface SeenBefore {
  /** Of the newest event of which anyone was told. */
  readonly timestamp: bigint;
  /** Of which clients were told lately that they were carried out. */
  readonly transfers: readonly NewTransfer[];
}

const remembered = 8;

/** What clients were told of their batches, each answer held against the log as it comes. */
export class LedgerTold {
  acknowledged = 0;
  reads = 0;
  readonly #log: LedgerLog;
  readonly #fail: (error: Error) => void;
  #timestamp = 0n;
  readonly #transfers: NewTransfer[] = [];

  /** @param fail is told of an InvariantViolation */
  constructor(log: LedgerLog, fail: (error: Error) => void) {
    this.#log = log;
    this.#fail = fail;
  }

  get seenBefore(): SeenBefore {
    return { timestamp: this.#timestamp, transfers: [...this.#transfers] };
  }

  answered(batch: SentBatch, answer: WriteAnswer<LedgerAnswer>): void {
    if (answer.kind === 'refused') batch.refusals += 1;
    if (answer.kind !== 'done') return;
    this.acknowledged += 1;
    const { index, result } = answer;
    const applied = this.#log.at(index);
    if (applied?.batch !== batch) {
      const why = `${batch.key} was acknowledged at index ${index}, where it is not`;
      this.#fail(new InvariantViolation('acknowledged batches are kept', why));
      return;
    }
    if (result === null) return;
    if (!isSameAnswer(applied.answer, result)) {
      const why = `${batch.key} was applied at index ${index} and its client told otherwise`;
      this.#fail(new InvariantViolation('answered as applied', why));
      return;
    }
    if (result.kind === 'results') this.#note(batch, result.timestamp, resultsOf(result));
  }

  #note(batch: SentBatch, timestamp: bigint, results: readonly number[]): void {
    const last = timestamp + BigInt(results.length) - 1n;
    if (last > this.#timestamp) this.#timestamp = last;
    if (batch.kind !== 'transfers') return;
    this.#transfers.push(...batch.events.filter((_, at) => results[at] === 0));
    this.#transfers.splice(0, this.#transfers.length - remembered);
  }
}
