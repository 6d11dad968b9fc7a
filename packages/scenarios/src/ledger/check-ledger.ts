import { present } from '@quorate/base';
import {
  type Books,
  failedId,
  finish,
  LedgerMachine,
  LookupTransfersScan,
  TransferFlag,
} from '@quorate/ledger';
import { InvariantViolation } from '@quorate/sim';
import { checkBooks } from './check-books.ts';
import { ledgerLimits } from './ledger-limits.ts';
import { isSameAnswer, type LedgerLog } from './ledger-log.ts';
import type { ObservedLedger } from './observed-ledger.ts';
import { isSameSnapshot } from './same-snapshot.ts';
import type { SentBatch } from './sent-batch.ts';
import { stateDigest } from './state-digest.ts';

/** A replica that has all of the log. */
export interface QuietReplica {
  readonly node: number;
  readonly ledger: ObservedLedger;
}

/**
 * When all is quiet: each batch is there as often as it was sent at most, one machine without
 * faults comes to the same answers and the same state from the log, and so has every replica.
 *
 * @param batchesPerCheck as the replicas have it: their votes are in the log
 * @throws InvariantViolation
 */
export function checkLedger(
  log: LedgerLog,
  replicas: readonly QuietReplica[],
  batchesPerCheck: number,
): void {
  checkTimes(log);
  const alone = replay(log, batchesPerCheck);
  const digest = stateDigest(alone);
  const [first] = replicas;
  for (const { node, ledger } of replicas) {
    const { machine } = ledger;
    const { state } = machine.books;
    checkBooks(state, log.model, `node ${node}, at the end`);
    checkRows(state, log, node);
    const found = stateDigest(machine);
    if (found !== digest) {
      const why = `node ${node} has ${found}, a machine alone ${digest}`;
      throw new InvariantViolation('replicas have the same state', why);
    }
    checkIds(state, alone.books.state, log, node);
    const isSame =
      isSameSnapshot(machine, alone, false) &&
      isSameSnapshot(ledger, present(first, 'itself').ledger, true);
    if (isSame) continue;
    const why = `node ${node} has another snapshot of the same log`;
    throw new InvariantViolation('replicas are equal byte for byte', why);
  }
}

function checkTimes(log: LedgerLog): void {
  const times = new Map<SentBatch, number>();
  for (const { batch } of log) if (batch !== null) times.set(batch, (times.get(batch) ?? 0) + 1);
  for (const [{ key, attempts, refusals }, count] of times) {
    if (count <= attempts - refusals) continue;
    throw new InvariantViolation(
      'a batch is applied once for each time it was sent',
      `${key} was sent ${attempts} times, ${refusals} refused, and applied ${count} times`,
    );
  }
}

function replay(log: LedgerLog, batchesPerCheck: number): LedgerMachine {
  const alone = new LedgerMachine({ batchesPerCheck, limits: ledgerLimits });
  for (const entry of log) {
    const { index, term, command, timestampMicros } = entry;
    const [answer] = alone.apply([{ index, term, command, timestampMicros }]);
    const isSame =
      isSameAnswer(present(answer, 'each entry is answered'), entry.answer) &&
      stateDigest(alone) === entry.digest;
    if (isSame) continue;
    throw new InvariantViolation(
      'a machine alone agrees',
      `behind index ${index} node ${entry.node} had ${entry.digest}, alone ${stateDigest(alone)}`,
    );
  }
  return alone;
}

/** Where ids are kept differs from replica to replica, and what they mean does not. */
function checkIds(
  state: Books['state'],
  alone: Books['state'],
  log: LedgerLog,
  node: number,
): void {
  for (const id of [...log.model.transfers.keys(), ...log.model.failedIds]) {
    const [l0, l1, l2, l3] = [0n, 32n, 64n, 96n].map(
      (shift) => Number((id >> shift) & 0xffffffffn) | 0,
    );
    const [a = 0, b = 0, c = 0, d = 0] = [l0, l1, l2, l3];
    const found = state.ids.find(a, b, c, d);
    const isKept = log.model.failedIds.has(id);
    if (found === (isKept ? failedId : alone.ids.find(a, b, c, d)) && found !== -1) continue;
    const why = `node ${node} takes id ${id} for ${found}`;
    throw new InvariantViolation('ids are known at all replicas', why);
  }
}

/** Every transfer that was answered with ok is there, and their sums are the posted balances. */
function checkRows(state: Books['state'], log: LedgerLog, node: number): void {
  const posted = new Map<bigint, bigint>();
  const found = finish(new LookupTransfersScan(state, [...log.moved.keys()]));
  for (const { id, debitAccountId, creditAccountId, amount, flags, timestamp } of found) {
    const model = log.model.transfers.get(id);
    const isSame =
      model?.debit.asked.id === debitAccountId &&
      model.credit.asked.id === creditAccountId &&
      model.amount === amount &&
      model.timestamp === timestamp;
    if (!isSame) {
      const why = `transfer ${id} on node ${node} is not as the model has it`;
      throw new InvariantViolation('acknowledged transfers are kept', why);
    }
    if ((flags & (TransferFlag.pending | TransferFlag.voidPendingTransfer)) !== 0) continue;
    posted.set(debitAccountId, (posted.get(debitAccountId) ?? 0n) + amount);
    posted.set(creditAccountId, (posted.get(creditAccountId) ?? 0n) - amount);
  }
  if (found.length !== log.moved.size || state.transfers.count !== log.moved.size) {
    const why = `node ${node} has ${found.length} of ${log.moved.size} that were carried out`;
    throw new InvariantViolation('acknowledged transfers are kept', why);
  }
  for (let slot = 0; slot < state.accounts.count; slot++) {
    const { id, debitsPosted, creditsPosted } = state.accounts.accountAt(slot);
    if (debitsPosted - creditsPosted === (posted.get(id) ?? 0n)) continue;
    const why = `account ${id} on node ${node} is not the sum of what was carried out`;
    throw new InvariantViolation('money moves once', why);
  }
}
