// What the accounts should have, by the answers alone: kept apart from the ledger, to be compared.
import { type NewTransfer, TransferFlag } from '@quorate/ledger';

const { pending, postPendingTransfer, voidPendingTransfer } = TransferFlag;

/** By account: what was posted to it and from it, in cents. */
export class Statement {
  readonly debits = new Map<bigint, bigint>();
  readonly credits = new Map<bigint, bigint>();
  /** Reserved and not settled yet, by id. */
  readonly #reserved = new Map<bigint, NewTransfer>();
  posted = 0;

  /** A transfer that was carried out, as the client wrote it. */
  carriedOut(transfer: NewTransfer): void {
    const flags = transfer.flags ?? 0;
    if ((flags & pending) !== 0) {
      this.#reserved.set(transfer.id, transfer);
      return;
    }
    const settled = this.#reserved.get(transfer.pendingId ?? 0n);
    this.#reserved.delete(transfer.pendingId ?? 0n);
    if ((flags & voidPendingTransfer) !== 0) return;
    const of = (flags & postPendingTransfer) !== 0 && settled !== undefined ? settled : transfer;
    const amount = transfer.amount === 0n ? of.amount : transfer.amount;
    this.posted++;
    add(this.debits, of.debitAccountId, amount);
    add(this.credits, of.creditAccountId, amount);
  }
}

function add(sums: Map<bigint, bigint>, account: bigint, amount: bigint): void {
  sums.set(account, (sums.get(account) ?? 0n) + amount);
}
