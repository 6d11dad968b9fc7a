import {
  type AppliedEntry,
  type Checkpoints,
  present,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/base';
import { type LedgerAnswer, LedgerMachine, type LedgerMachineOptions } from '@quorate/ledger';
import type { SessionResult } from '@quorate/runtime';
import { BatchIntake, ledgerReplica, type ServedBooks, servedBooks } from '@quorate/server/core';
import { InvariantViolation } from '@quorate/sim';
import { isSameAnswer, type LedgerLog } from './ledger-log.ts';
import { SnapshotAudit } from './snapshot-audit.ts';

export interface ObservedLedgerOptions {
  readonly node: number;
  readonly machine: LedgerMachineOptions;
  readonly log: LedgerLog;
  /** Is told of an InvariantViolation. */
  readonly fail: (error: Error) => void;
  /** Snapshots are looked at after so many entries; 0: never. */
  readonly auditEvery: number;
  /** Whether the disk of the node has done what nobody has noticed yet, perhaps. */
  readonly mayBeDamaged: () => boolean;
}

type AppliedAnswer = Extract<SessionResult<LedgerAnswer>, { readonly kind: 'applied' }>;

/** The ledger of one life of one node, with the sessions of its clients, watched. */
export class ObservedLedger implements StateMachine<SessionResult<LedgerAnswer>> {
  readonly machine: LedgerMachine;
  readonly served: ServedBooks;
  /** What this node makes of batches that clients bring to it. */
  readonly intake: BatchIntake;
  readonly checkpoints: Checkpoints;
  readonly #options: ObservedLedgerOptions;
  readonly #sessions: StateMachine<SessionResult<LedgerAnswer>>;

  constructor(options: ObservedLedgerOptions) {
    this.#options = options;
    this.machine = new WatchedMachine(options);
    this.served = servedBooks(this.machine);
    this.intake = new BatchIntake(this.served);
    this.#sessions = ledgerReplica(this.machine);
    this.checkpoints = present(this.#sessions.checkpoints, 'a ledger keeps parts of itself');
  }

  prefetch(entries: readonly AppliedEntry[], done: (error: Error | null) => void): void {
    const { prefetch } = this.#sessions;
    present(prefetch, 'a ledger reads what it needs in advance')(entries, done);
  }

  apply(entries: readonly AppliedEntry[]): readonly SessionResult<LedgerAnswer>[] {
    const results = this.#sessions.apply(entries);
    for (const result of results) if (result.kind === 'applied') this.#compare(result);
    return results;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return this.#sessions.snapshot();
  }

  restore(): SnapshotSink {
    return this.#sessions.restore();
  }

  /** What is answered, now or again, is what was answered first. */
  #compare({ index, firstIndex, result }: AppliedAnswer): void {
    const { log, node, fail } = this.#options;
    const first = log.at(firstIndex);
    if (first !== undefined && isSameAnswer(first.answer, result)) return;
    const why = `node ${node} answered index ${index} otherwise than ${firstIndex} was answered`;
    fail(new InvariantViolation('answered again as before', why));
  }
}

/** The machine within the sessions: it takes entries one by one, and each is looked at. */
class WatchedMachine extends LedgerMachine {
  readonly #options: ObservedLedgerOptions;
  readonly #audit: SnapshotAudit | null;

  constructor(options: ObservedLedgerOptions) {
    super(options.machine);
    this.#options = options;
    const { auditEvery, mayBeDamaged } = options;
    this.#audit = auditEvery === 0 ? null : new SnapshotAudit(this, auditEvery, mayBeDamaged);
  }

  override apply(entries: readonly AppliedEntry[]): readonly LedgerAnswer[] {
    return entries.flatMap((entry) => {
      const answers = super.apply([entry]);
      for (const answer of answers) this.#look(entry, answer);
      return answers;
    });
  }

  #look(entry: AppliedEntry, answer: LedgerAnswer): void {
    const { log, node, fail } = this.#options;
    log.add(node, entry, answer, this);
    const problem = this.#audit?.applied(entry.index) ?? null;
    if (problem === null) return;
    const why = `on node ${node}: ${problem}`;
    fail(new InvariantViolation('a snapshot is the state of its moment', why));
  }
}
